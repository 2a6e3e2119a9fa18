import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kubernetesOfThisRun } from "../support/cluster.ts";
import { ClusterWorld } from "../support/cluster-world.ts";
import { partsOfThisRun } from "../support/world.ts";
import { controlPlaneSettings } from "../support/world-settings.ts";

const kubernetes = await kubernetesOfThisRun();
const { images } = await partsOfThisRun();

describe.skipIf("missing" in kubernetes)("the control plane on Kubernetes", () => {
  let on: ClusterWorld;
  let plane: string;
  const wanted = { image: images.controlPlane["1.4.1"] };

  beforeAll(async () => {
    if ("missing" in kubernetes) return;
    on = await ClusterWorld.create(
      kubernetes,
      { stable: images.fixture[1] },
      {
        instances: 0,
        settings: ({ stack }) => {
          // There is no engine for it here: it makes no instances, and says that it is unhealthy for want of one.
          const unchanged = {
            kind: "unchanged",
            what: ["instances", "backups", "users", "settings", "secret"],
          };
          const connected = { kind: "http", path: "/health", body: { database: "connected" } };
          const { container, ...settings } = controlPlaneSettings(`${stack}-1`, {
            ...{ stack, dockerHost: "unix:///var/run/docker.sock" },
          }) as { container: Record<string, unknown> };
          const { network: _, dockerSocket: __, ...usual } = container;
          return {
            window: "control-plane",
            controlPlane: {
              ...settings,
              ...{ image: wanted.image, container: { ...usual, user: "1000:1000" } },
              gate: [connected],
              verification: [connected, { kind: "build" }, { kind: "login" }, unchanged],
            },
          };
        },
      },
    );
    plane = `${on.world.stack}-1`;
  });
  afterAll(() => on?.destroy());

  it("starts, is updated with a verified snapshot of its data, and goes back with them", async () => {
    const first = await on.world.up();
    expect(first.code, first.output).toBe(0);
    expect(await on.imageOf(plane)).toBe(images.controlPlane["1.4.1"]);
    const strategy = "--output=jsonpath={.spec.strategy.type}";
    expect(await on.kubectl("get", "deployment", plane, strategy)).toBe("Recreate");

    wanted.image = images.controlPlane["1.5.0"];
    await on.world.configure();
    const update = await on.world.up();
    expect(update.code, update.output).toBe(0);
    expect(await on.imageOf(plane)).toBe(images.controlPlane["1.5.0"]);
    const kinds = (await on.world.records(plane)).map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(["snapshot", "drill", "cut-over", "gate", "verification"]));

    wanted.image = images.controlPlane["1.4.1"];
    await on.world.configure();
    const back = await on.world.up();
    expect(back.code, back.output).toBe(0);
    expect(back.output).toContain("with its state");
    expect(await on.imageOf(plane)).toBe(images.controlPlane["1.4.1"]);
    const again = await on.world.up();
    expect(again.output).toMatch(/Resources:\n {4}\d+ unchanged\n/);
  });
});
