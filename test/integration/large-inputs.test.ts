import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { partsOfThisRun, World } from "../support/world.ts";
import { fixtureGroup, networkOf } from "../support/world-settings.ts";

/** What Linux allows for one environment variable, and for one argument: 32 pages. */
const longestVariable = 128 * 1024;

describe("a wave whose input is longer than a variable may be", () => {
  let world: World;

  beforeAll(async () => {
    const { images } = await partsOfThisRun();
    const never = Array.from({ length: 1500 }, (_, index) => `a line that nothing ever writes ${index}`);
    world = await World.create(
      { stable: images.fixture[1] },
      {
        instances: 3,
        settings: ({ stack, instances }) => ({
          instanceGroups: {
            [`${stack}-group`]: {
              ...fixtureGroup(stack),
              container: {
                network: networkOf(stack),
                health: { interval: "10s", timeout: "30s", startPeriod: "60s", wait: "300s" },
              },
              gate: [{ kind: "http", path: "/healthz", body: { ok: true }, deadline: "15s" }],
              ...{ agentImage: "agent", instances, waves: [1, "100%"], wave: 0, bake: "1s" },
              verification: [{ kind: "logs", absent: never, deadline: "15s" }],
            },
          },
        }),
      },
    );
  });
  afterAll(() => world.destroy());

  it("is started, verified and baked; no secret of it stands in the state in plain", async () => {
    const up = await world.up();
    expect(up.code, up.output).toBe(0);
    // To a file: what the engine says beside it must not get into it.
    const file = join(world.folder, "state.json");
    await world.pulumi(["stack", "export", "--file", file, "--stack", world.stack]);
    const exported = await readFile(file, "utf8");
    const { resources } = (
      JSON.parse(exported) as { deployment: { resources: { urn: string; inputs?: { stdin?: unknown } }[] } }
    ).deployment;
    const bake = resources.find(({ urn }) => urn.endsWith("-group-wave-1-bake"));
    expect(JSON.stringify(bake?.inputs?.stdin).length).toBeGreaterThan(longestVariable);
    expect(exported).not.toContain("secret-of-");
    expect(up.output).not.toContain("secret-of-");
    const unchanged = await world.up();
    expect(unchanged.output).toMatch(/Resources:\n {4}\d+ unchanged\n/);
  });
});
