import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { killAll, withDescendants } from "../support/deployer.ts";
import { partsOfThisRun, until, World } from "../support/world.ts";
import { fixtureGroup } from "../support/world-settings.ts";

/** Passes in the container of before; fails in ours as long as that has a folder of this name. */
const notBroken = {
  ...{ kind: "command", name: "not broken", deadline: "15s" },
  argv: ["test", "!", "-d", "/broken"],
};

describe("an adoption that fails", () => {
  let world: World;
  /** An instance can't be called as Compose of old calls its containers. */
  let [name, old] = ["", ""];
  const group: Record<string, unknown> = {};
  let stranger: Awaited<ReturnType<World["inspect"]>>;

  beforeAll(async () => {
    const { images } = await partsOfThisRun();
    world = await World.create({ stable: images.fixture[1] }, { instances: 1, patience: true, group });
    [name, old] = [world.instances[0] as string, `${world.stack}_old`];
    world.instanceSettings[name] = { adopt: old };
    const created = await world.docker.createContainer({
      name: old,
      Image: images.fixture[1],
      HostConfig: {
        Binds: [`${name}-state:/home/node/.openclaw`],
        RestartPolicy: { Name: "on-failure", MaximumRetryCount: 7 },
      },
    });
    await created.start();
    await until("it is healthy", async () => (await world.inspect(old)).State.Health?.Status === "healthy");
    await world.ask(old, "/messages", { method: "POST", body: { text: "before the adoption" } });
    stranger = await world.inspect(old);
  });
  afterAll(() => world?.destroy());

  /** Gives our container what it is to have beside the usual. */
  async function configure(container: Record<string, unknown> = {}): Promise<void> {
    const usual = fixtureGroup(world.stack, true) as { container: object; gate: object[] };
    group.container = { ...usual.container, ...container };
    group.gate = [...usual.gate, notBroken];
    await world.configure();
  }

  const messages = async (container: string) =>
    ((await world.ask(container, "/messages")).body as { text: string }[]).map(({ text }) => text);

  /** The very container of before serves, with its name, policy, networks and messages, and none of ours runs. */
  async function expectAsBefore(): Promise<void> {
    await until("it answers", async () => (await world.ask(old, "/healthz")).status === 200);
    const now = await world.inspect(old);
    expect(now).toMatchObject({
      Id: stranger.Id,
      State: { Running: true },
      HostConfig: { RestartPolicy: stranger.HostConfig.RestartPolicy },
    });
    expect(Object.keys(now.NetworkSettings.Networks)).toEqual(Object.keys(stranger.NetworkSettings.Networks));
    expect(await messages(old)).toEqual(["before the adoption"]);
    expect(await world.docker.listContainers({ filters: { name: [`^/${name}`] } })).toEqual([]);
  }

  it("because the new container does not come up brings the old one back", async () => {
    const health = { wait: "20s", command: ["false"], interval: "1s", retries: 1, startPeriod: "1s" };
    await configure({ health });
    const up = await world.up();
    expect(up.code).not.toBe(0);
    expect(up.output).toContain("its container does not come up on the state that it adopts");
    expect(up.output).toContain(`${old} serves again as it was`);
    await expectAsBefore();
  });

  it("because the new container does not pass its gate brings the old one back", async () => {
    await configure({ mounts: [{ kind: "tmpfs", target: "/broken" }] });
    const up = await world.up();
    expect(up.code).not.toBe(0);
    expect(up.output).toContain("gate failed");
    expect(up.output).toContain(`${old} serves again as it was`);
    await expectAsBefore();
    const status = await world.fleet("status");
    expect(status.output).toContain(`is to adopt ${old}`);
  });

  it("because its deployer is killed is finished by `fleet recover`", async () => {
    await configure();
    const run = await world.startUpTo(name, "cold snapshot");
    await killAll(withDescendants(run.pid));
    await run.ended.catch(() => {});
    expect((await world.inspect(old)).State.Running).toBe(false);
    const recovered = await world.fleet("recover");
    expect(recovered.output).toContain(`its adoption of ${old} was interrupted at "snapshotting"`);
    expect(recovered.output.split("What failed").slice(1)).toEqual([]);
    expect(recovered.code, recovered.output).toBe(0);
    expect(await messages(name)).toEqual(["before the adoption"]);
    expect(await world.inspect(`${name}-before-adoption`)).toMatchObject({
      Id: stranger.Id,
      State: { Running: false },
      HostConfig: { RestartPolicy: { Name: "no" } },
    });
    const left = await world.docker.listContainers({ all: true, filters: { name: [`^/${name}`] } });
    expect(left.map(({ Names }) => Names[0]).toSorted()).toEqual([`/${name}`, `/${name}-before-adoption`]);
  });
});
