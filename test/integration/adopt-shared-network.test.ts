import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { waitHealthy } from "../../platforms/docker/lifecycle.ts";
import { partsOfThisRun, until, World } from "../support/world.ts";
import { fixtureGroup } from "../support/world-settings.ts";

describe("a gateway with a name of its own in the network of another container", () => {
  let world: World;
  let [name, container, vpn] = ["", "", ""];
  let environment: Record<string, string> = {};

  beforeAll(async () => {
    const { images } = await partsOfThisRun();
    world = await World.create(
      { stable: images.fixture[1] },
      {
        instances: 1,
        patience: true,
        settings: ({ stack, instances, instanceSettings, wave }) => {
          const { container: usual, ...group } = fixtureGroup(stack, true);
          const { health } = usual as { health: object };
          const listed = instances.map((each) => ({ name: each, ...instanceSettings[each] }));
          const settled = {
            ...{ ...group, agentImage: "agent", instances: listed, waves: [1], wave },
            container: { networkMode: `container:${stack}-vpn`, environment, health },
          };
          return { instanceGroups: listed.length === 0 ? {} : { [`${stack}-group`]: settled } };
        },
      },
    );
    [name, container, vpn] = [world.instances[0] ?? "", `${world.stack}_Gateway`, `${world.stack}-vpn`];
    world.instanceSettings[name] = { containerName: container, adopt: container };
    await world.configure();
    await start({ name: vpn, Image: images.fixture[1], Entrypoint: ["sleep", "infinity"] });
    await start({
      ...{ name: container, Image: images.fixture[1] },
      HostConfig: { Binds: [`${name}-state:/home/node/.openclaw`], NetworkMode: `container:${vpn}` },
    });
    await until(
      "it is healthy",
      async () => (await world.inspect(container)).State.Health?.Status === "healthy",
    );
    await world.ask(container, "/messages", { method: "POST", body: { text: "before the adoption" } });
  });
  afterAll(() => world?.destroy());

  async function start(options: { name: string; Image: string } & Record<string, unknown>): Promise<void> {
    await (await world.docker.createContainer(options)).start();
  }

  it("is read with both, and who else stands there is said", async () => {
    const adopt = await world.fleet("adopt", "--container", container);
    expect(adopt.output).toContain(
      `${container} has the network of ${vpn}. Whoever makes ${vpn} anew takes the network from ${container}.`,
    );
    const lines = adopt.output.split("\n");
    const { "clawforce:instanceGroups": groups } = parse(lines.slice(2, lines.indexOf("", 2)).join("\n"));
    expect(groups.gateways.container).toEqual({
      ...{ networkMode: `container:${vpn}`, restart: "no" },
      logging: { options: { "max-size": "50m", "max-file": "3" } },
    });
    expect(groups.gateways.instances).toMatchObject([{ containerName: container, adopt: container }]);
  });

  it("is adopted under its own name, in that network, with its state", async () => {
    const up = await world.up();
    expect(up.code, up.output).toBe(0);
    expect(up.output).toContain(`has the network of ${vpn}`);
    const { HostConfig, Config } = await world.inspect(container);
    expect(HostConfig.NetworkMode).toBe(`container:${(await world.inspect(vpn)).Id}`);
    expect(Config.Labels).toMatchObject({ "clawforce.workload": name });
    expect((await world.inspect(`${name}-before-adoption`)).State.Running).toBe(false);
    const { body } = await world.ask(container, "/messages");
    expect(body).toMatchObject([{ text: "before the adoption" }]);
  });

  it("is not made again by an update that changes nothing, also after a refresh", async () => {
    const before = await world.identity(container);
    const refresh = await world.pulumi([
      "refresh",
      "--yes",
      "--skip-preview",
      "--run-program",
      ...world.stackFlags(),
    ]);
    expect(refresh.code, refresh.output).toBe(0);
    const again = await world.up();
    expect(again.code, again.output).toBe(0);
    expect(await world.identity(container)).toEqual(before);
    const status = await world.fleet("status");
    expect(status.code, status.output).toBe(0);
  });

  it("keeps its name: another one is refused before anything is touched", async () => {
    const before = await world.identity(container);
    world.instanceSettings[name] = { containerName: `${container}-2` };
    await world.configure();
    const preview = await world.preview();
    expect(preview.code).not.toBe(0);
    expect(preview.output).toContain(
      `${name}: its container runs and is called ${container}. Nothing was touched. A container keeps its name: write \`containerName: ${container}\`.`,
    );
    expect(await world.identity(container)).toEqual(before);
    world.instanceSettings[name] = { containerName: container };
    await world.configure();
  });

  it("is updated only while that container runs", async () => {
    environment = { LOG_LEVEL: "debug" };
    await world.configure();
    await world.docker.getContainer(vpn).stop({ t: 1 });
    const before = await world.identity(container);
    const refused = await world.up();
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain(
      `${name} is to have the network of ${vpn}, which is stopped. Nothing was touched.`,
    );
    expect(await world.identity(container)).toEqual(before);
    await world.docker.getContainer(vpn).start();
    // It had the network of a process that is gone.
    await world.docker.getContainer(container).restart();
    await waitHealthy(world.docker, container, 300);
    const update = await world.up();
    expect(update.code, update.output).toBe(0);
    expect((await world.inspect(container)).Config.Env).toContain("LOG_LEVEL=debug");
    expect((await world.ask(container, "/messages")).body).toMatchObject([{ text: "before the adoption" }]);
  });

  it("is made anew with that container, which the preview says", async () => {
    const { Id } = await world.inspect(vpn);
    await world.docker.getContainer(vpn).remove({ force: true });
    await start({ name: vpn, Image: world.parts.images.fixture[1], Entrypoint: ["sleep", "infinity"] });
    const preview = await world.preview();
    expect(preview.output).toContain(`${name}: ${vpn} was made anew, and has taken its network`);
    const up = await world.up();
    expect(up.code, up.output).toBe(0);
    const { HostConfig } = await world.inspect(container);
    expect(HostConfig.NetworkMode).not.toBe(`container:${Id}`);
    expect(HostConfig.NetworkMode).toBe(`container:${(await world.inspect(vpn)).Id}`);
    expect((await world.ask(container, "/messages")).body).toMatchObject([{ text: "before the adoption" }]);
  });

  it("is stopped after a snapshot when it leaves the stack, whatever it is called", async () => {
    const before = (await world.records(name)).filter(({ kind }) => kind === "snapshot").length;
    world.instances.splice(0);
    await world.configure();
    const refused = await world.preview();
    const [, urn = ""] = /resource "([^"]+)" cannot be deleted/.exec(refused.output) ?? [];
    const free = await world.pulumi(["state", "unprotect", "--yes", "--stack", world.stack, urn]);
    expect(free.code, free.output).toBe(0);
    const up = await world.up();
    expect(up.code, up.output).toBe(0);
    await expect(world.inspect(container)).rejects.toThrow("there is no container");
    expect((await world.records(name)).filter(({ kind }) => kind === "snapshot")).toHaveLength(before + 1);
    world.instances.push(name);
  });
});
