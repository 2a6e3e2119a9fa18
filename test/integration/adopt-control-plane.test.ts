import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { administrator, ControlPlaneWorld } from "../support/control-plane.ts";
import { partsOfThisRun, until, World } from "../support/world.ts";
import { standInHealth } from "../support/world-settings.ts";

describe("a control plane that somebody else has started", () => {
  let plane: ControlPlaneWorld;
  let world: World;
  let instance = "";
  let lines: Record<string, unknown> | undefined;

  beforeAll(async () => {
    const { fixture } = (await partsOfThisRun()).images;
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
        settings: () =>
          lines === undefined ? { window: "none" } : { window: "control-plane", controlPlane: lines },
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
    await world?.destroy();
    await plane?.destroy();
  });

  it("is read into lines of the stack file, with its instances named, and nothing is touched", async () => {
    const before = [await world.identity(plane.name), await world.identity(instance)];
    const adopt = await world.fleet("adopt", "--control-plane", plane.name);
    expect(adopt.code, adopt.output).toBe(0);
    const printed = adopt.output.split("\n");
    const block = parse(printed.slice(2, printed.indexOf("", 2)).join("\n"));
    expect(block).toEqual({
      "clawforce:controlPlane": {
        name: plane.name,
        image: world.parts.images.controlPlane["1.4.1"],
        data: { volume: plane.volume },
        adopt: plane.name,
        container: {
          environment: { STAND_IN_NETWORK: plane.name, STAND_IN_PREFIX: plane.name },
          secrets: { STAND_IN_ADMIN_PASSWORD: "stand-in-admin-password" },
          network: plane.name,
          networks: [{ name: plane.name, existing: true }],
          dockerSocket: new URL(world.parts.dockerHost).pathname,
          restart: "no",
          logging: { options: { "max-size": "50m", "max-file": "3" } },
          health: { command: standInHealth, interval: "2s", timeout: "1m", retries: 20, startPeriod: "30s" },
        },
      },
    });
    expect(adopt.output).toContain(`  It manages ${instance} (running).\n  They are never touched:`);
    expect(adopt.output).not.toContain(administrator.password);
    expect([await world.identity(plane.name), await world.identity(instance)]).toEqual(before);
  });

  it("is written into the stack file, with its secrets", async () => {
    const written = await world.fleet("adopt", "--control-plane", plane.name, "--write");
    expect(written.code, written.output).toBe(0);
    const file = await readFile(world.configFile, "utf8");
    expect(`${written.output}${file}`).not.toContain(administrator.password);
    const { config } = parse(file) as { config: Record<string, Record<string, unknown>> };
    lines = { ...config["clawforce:controlPlane"], stopGrace: "10s", drain: { budget: "5s" } };
    await world.configure();
    const again = await world.fleet("adopt", "--control-plane", plane.name);
    expect(again.output).toContain("has a control plane already, at `clawforce:controlPlane`");
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
