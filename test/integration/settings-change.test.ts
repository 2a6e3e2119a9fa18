import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EvidenceRecord } from "../../lifecycle/evidence/records.ts";
import { partsOfThisRun, World } from "../support/world.ts";
import { fixtureGroup } from "../support/world-settings.ts";

describe("a change of the settings of a group", () => {
  let world: World;
  let environment: Record<string, string> = { ONE: "1", TWO: "2" };
  let window = "runtime";

  beforeAll(async () => {
    const { images } = await partsOfThisRun();
    world = await World.create(
      { stable: images.fixture[1] },
      {
        instances: 3,
        snapshots: { drill: { deadline: "240s", memory: "100 MB" } },
        settings: ({ stack, instances, wave }) => {
          const { container, ...group } = fixtureGroup(stack);
          return {
            window,
            instanceGroups: {
              [`${stack}-group`]: {
                ...{ ...group, agentImage: "agent", instances, waves: [1, 2, 3], wave },
                container: {
                  ...(container as object),
                  health: { interval: "10s", timeout: "30s", startPeriod: "60s", wait: "300s" },
                  environment,
                },
              },
            },
          };
        },
      },
    );
    const first = await world.up();
    expect(first.code, first.output).toBe(0);
  });
  afterAll(() => world.destroy());

  const identities = () => Promise.all(world.instances.map((name) => world.identity(name)));
  const variableOf = async (name: string, variable: string) =>
    (await world.inspect(name)).Config.Env.find((each) => each.startsWith(`${variable}=`))?.slice(
      variable.length + 1,
    );
  /** What went on record of a workload since a record with this number. */
  const since = async (name: string, sequence: number): Promise<string[]> =>
    (await world.records(name))
      .filter((record) => record.sequence > sequence)
      .filter(({ kind }) => kind !== "ingress" && kind !== "baseline" && kind !== "serving")
      .map((record) =>
        record.kind === "snapshot"
          ? record.role
          : record.kind === "cut-over"
            ? `cut-over ${record.direction}`
            : record.kind,
      );
  const last = (records: EvidenceRecord[]) => records.at(-1)?.sequence ?? 0;

  it("is none when only the order of the variables is another", async () => {
    const before = await identities();
    environment = { TWO: "2", ONE: "1" };
    await world.configure();
    const up = await world.up();
    expect(up.code, up.output).toBe(0);
    expect(up.output).toMatch(/Resources:\n {4}\d+ unchanged\n/);
    expect(await identities()).toEqual(before);
  });

  it("is refused outside of its window", async () => {
    const before = await identities();
    environment = { ONE: "1", TWO: "other" };
    window = "none";
    await world.configure();
    const refused = await world.up();
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain("(environment.TWO changes), but clawforce:window is none");
    expect(await identities()).toEqual(before);
    window = "runtime";
    await world.configure();
  });

  it("goes to the canary alone, prepared and drilled, and is said of the others", async () => {
    const [canary = "", second = "", third = ""] = world.instances;
    const [, ...others] = await identities();
    const before = last(await world.records(canary));
    const preview = await world.preview();
    expect(preview.output).toContain(
      `${canary}: change of settings on fixture:1@${world.images.stable.slice(-64, -52)} (environment.TWO changes)`,
    );
    expect(preview.output).toContain(
      `${second}: keeps its settings until clawforce:instanceGroups.${world.stack}-group.wave is 1 (environment.TWO changes)`,
    );
    const up = await world.up();
    expect(up.code, up.output).toBe(0);
    expect(await variableOf(canary, "TWO")).toBe("other");
    expect(await variableOf(second, "TWO")).toBe("2");
    expect((await identities()).slice(1)).toEqual(others);
    expect(await since(canary, before)).toEqual([
      ...["hot", "drill", "cold", "cut-over change", "settings", "gate", "state", "verification"],
    ]);
    const again = await world.up();
    expect(again.output).toMatch(/Resources:\n {4}\d+ unchanged\n/);
    expect(await variableOf(third, "TWO")).toBe("2");
  });

  it("goes on with the next wave by `fleet update`, which leaves the others", async () => {
    const [canary = "", second = "", third = ""] = world.instances;
    const before = [await world.identity(canary), await world.identity(third)];
    const update = await world.fleet("update");
    expect(update.code, update.output).toBe(0);
    expect(await variableOf(second, "TWO")).toBe("other");
    expect([await world.identity(canary), await world.identity(third)]).toEqual(before);
    world.wave = 1;
  });

  it("is taken back at once, from all that have it and in every window", async () => {
    const [canary = "", second = "", third = ""] = world.instances;
    const untouched = await world.identity(third);
    const before = last(await world.records(canary));
    environment = { ONE: "1", TWO: "2" };
    window = "none";
    await world.configure();
    const back = await world.up();
    expect(back.code, back.output).toBe(0);
    expect(back.output).toContain(`${canary}: back to settings that it has passed on, on fixture:1@`);
    expect([await variableOf(canary, "TWO"), await variableOf(second, "TWO")]).toEqual(["2", "2"]);
    expect(await world.identity(third)).toEqual(untouched);
    expect(await since(canary, before)).toEqual([
      ...["pre-restore", "cut-over back", "settings", "gate", "state", "verification"],
    ]);
  });
});
