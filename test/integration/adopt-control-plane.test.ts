import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { administrator, ControlPlaneWorld } from "../support/control-plane.ts";
import { partsOfThisRun, until, World } from "../support/world.ts";
import { controlPlaneSettings } from "../support/world-settings.ts";

describe("a control plane that somebody else has started", () => {
  let plane: ControlPlaneWorld;
  let world: World;
  let instance = "";

  beforeAll(async () => {
    const { controlPlane, fixture } = (await partsOfThisRun()).images;
    plane = await ControlPlaneWorld.create("1.4.1");
    const made = await plane.ask("POST /instances", {
      ...{ display_name: `${plane.name}-one`, team_id: 1 },
      container_image: fixture[1],
    });
    const { id } = made.body as { id: number };
    await until(
      "its instance runs",
      async () => ((await plane.ask(`GET /instances/${id}`)).body as { status: string }).status === "running",
      180,
    );
    instance = `bot-${plane.name}-one`;
    world = await World.create(
      { stable: fixture[1] },
      {
        instances: 0,
        settings: ({ stack, parts }) => {
          const usual = controlPlaneSettings(plane.name, { stack, dockerHost: parts.dockerHost });
          const { container, backups: _, ...others } = usual as { container: object; backups: unknown };
          return {
            window: "control-plane",
            controlPlane: {
              ...others,
              image: controlPlane["1.4.1"],
              data: { volume: plane.volume },
              container: {
                ...container,
                network: plane.name,
                networks: [{ name: plane.name, existing: true }],
                environment: { STAND_IN_NETWORK: plane.name, STAND_IN_PREFIX: plane.name },
              },
              adopt: plane.name,
            },
          };
        },
        snapshots: { drill: { deadline: "5m", memory: "100 MB" } },
      },
    );
    const set = await world.pulumi([
      ...["config", "set", "--secret", "clawforce:controlPlanePassword", administrator.password],
      ...world.stackFlags(),
    ]);
    expect(set.code, set.output).toBe(0);
  });
  afterAll(async () => {
    await world?.docker
      .getContainer(`${plane.name}-before-adoption`)
      .remove({ force: true })
      .catch(() => {});
    await world?.destroy();
    await plane?.destroy();
  });

  it("is adopted with its data, and its instance stays as it is", async () => {
    const before = await world.identity(instance);
    const stranger = (await world.inspect(plane.name)).Id;
    const users = (await plane.ask("GET /users")).body;
    const up = await world.up();
    expect(up.code, up.output).toBe(0);
    expect((await world.inspect(plane.name)).Id).not.toBe(stranger);
    expect(await world.inspect(`${plane.name}-before-adoption`)).toMatchObject({
      ...{ Id: stranger, State: { Running: false } },
    });
    expect(await world.identity(instance)).toEqual(before);
    expect((await plane.ask("GET /users")).body).toEqual(users);
    const instances = (await plane.ask("GET /instances")).body as { status: string }[];
    expect(instances.map(({ status }) => status)).toEqual(["running"]);
    const kinds = (await world.records(plane.name)).map(({ kind }) => kind);
    const order = ["baseline", "snapshot", "drill", "snapshot", "cut-over", "gate", "verification"];
    expect(kinds.filter((kind) => order.includes(kind))).toEqual(order);
  });
});
