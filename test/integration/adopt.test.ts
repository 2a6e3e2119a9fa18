import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { freePort } from "../../demo/free-port.ts";
import { projectFolder } from "../../fleet/project.ts";
import { policed } from "../support/policy-preview.ts";
import { partsOfThisRun, runProgram, until, World } from "../support/world.ts";
import { fixtureGroup } from "../support/world-settings.ts";

describe("a gateway that somebody else has started", () => {
  let world: World;
  let name: string;
  let text = "";
  let groups: Record<string, { container: Record<string, unknown>; instances: object[] }> = {};
  const values = { OPENCLAW_GATEWAY_TOKEN: "the-token-of-before", MODEL_API_KEY: "a-key=with$signs" };

  beforeAll(async () => {
    const { images } = await partsOfThisRun();
    world = await World.create(
      { stable: images.fixture[1] },
      {
        instances: 0,
        patience: true,
        settings: ({ stack }) => {
          const { container, ...usual } = fixtureGroup(stack, true);
          const { health } = container as { health: object };
          const adopted = Object.entries(groups).map(([group, lines]) => [
            group,
            { ...usual, ...lines, container: { ...lines.container, health } },
          ]);
          return { instanceGroups: Object.fromEntries(adopted) };
        },
      },
    );
    name = `${world.stack}-by-hand`;
    const shared = join(world.folder, "shared");
    await mkdir(shared);
    await writeFile(join(shared, "note"), "from the host");
    await world.docker.createNetwork({ Name: `${world.stack}_net` });
    const container = await world.docker.createContainer({
      name,
      Image: images.fixture[1],
      Env: ["LOG_LEVEL=debug", ...Object.entries(values).map(([key, value]) => `${key}=${value}`)],
      Labels: { "traefik.enable": "true" },
      ExposedPorts: { "18789/tcp": {} },
      HostConfig: {
        Binds: [
          ...[`${world.stack}-home:/home/node/.openclaw`, `${shared}:/shared:ro`],
          `${world.stack}-workspace:/home/node/.openclaw/workspace`,
        ],
        PortBindings: { "18789/tcp": [{ HostIp: "127.0.0.1", HostPort: `${await freePort()}` }] },
        Memory: 256 * 1024 * 1024,
        RestartPolicy: { Name: "always" },
        LogConfig: { Type: "json-file", Config: { "max-size": "5m" } },
      },
      NetworkingConfig: { EndpointsConfig: { [`${world.stack}_net`]: { Aliases: ["gateway"] } } },
    });
    await container.start();
    await until("it is healthy", async () => (await world.inspect(name)).State.Health?.Status === "healthy");
    await world.ask(name, "/messages", { method: "POST", body: { text: "before the adoption" } });
  });
  afterAll(() => world?.destroy());

  const shell = (command: string) => runProgram("sh", ["-c", command], world.environment());

  it("is read into lines of the stack file, and stays as it is", async () => {
    const before = await world.identity(name);
    const adopt = await world.fleet(
      "adopt",
      "--container",
      name,
      "--group",
      "adopted",
      "--agent-image",
      "agent",
    );
    expect(adopt.code, adopt.output).toBe(0);
    text = adopt.output;
    expect(await world.identity(name)).toEqual(before);
    for (const value of Object.values(values)) expect(text).not.toContain(value);
    const lines = text.split("\n");
    const block = lines.slice(2, lines.indexOf("", 2));
    const { fixture } = world.parts.images;
    expect(parse(block.join("\n"))).toEqual({
      "clawforce:instanceGroups": {
        adopted: {
          agentImage: "agent",
          instances: [
            {
              ...{
                name,
                volume: `${world.stack}-home`,
                publish: expect.any(Number),
                aliases: ["gateway"],
                adopt: name,
              },
              mounts: [
                {
                  ...{ kind: "volume", source: `${world.stack}-workspace`, state: true },
                  target: "/home/node/.openclaw/workspace",
                },
              ],
            },
          ],
          container: {
            environment: { LOG_LEVEL: "debug" },
            secrets: { MODEL_API_KEY: "model-api-key" },
            network: `${world.stack}_net`,
            networks: [{ name: `${world.stack}_net`, existing: true }],
            mounts: [
              { kind: "bind", source: join(world.folder, "shared"), target: "/shared", readOnly: true },
            ],
            memory: "256 MiB",
            restart: "always",
            labels: { "traefik.enable": "true" },
            logging: { options: { "max-size": "5m" } },
          },
        },
      },
    });
    expect((await world.inspect(name)).Config.Image).toBe(fixture[1]);
    groups = parse(block.join("\n"))["clawforce:instanceGroups"];
  });

  it("with a single file inside of its state is told that no snapshot could have it", async () => {
    const other = `${name}-with-a-file`;
    const inside = "/home/node/.openclaw/openclaw.json";
    const created = await world.docker.createContainer({
      name: other,
      Image: world.parts.images.fixture[1],
      HostConfig: {
        Binds: [
          ...[
            `${world.stack}-home:/home/node/.openclaw`,
            `${join(world.folder, "shared", "note")}:${inside}`,
          ],
          `${join(world.folder, "shared")}:/home/node/.config/openclaw`,
        ],
      },
    });
    try {
      const { output } = await world.fleet("adopt", "--container", other);
      expect(output).toContain(
        `The new container would not have the file that is mounted inside of the state at ${inside}`,
      );
      expect(output).toContain("What is mounted at /home/node/.config/openclaw is taken for state");
    } finally {
      await created.remove({ force: true });
    }
  });

  it("is written into the stack file with --write, and its secrets are set without being shown", async () => {
    const before = await world.identity(name);
    const written = await world.fleet(
      ...["adopt", "--container", name, "--group", "adopted", "--agent-image", "agent", "--write"],
    );
    expect(written.code, written.output).toBe(0);
    expect(written.output).toContain("the variable MODEL_API_KEY is set as clawforce:secrets.model-api-key.");
    const file = await readFile(world.configFile, "utf8");
    for (const value of Object.values(values)) expect(`${written.output}${file}`).not.toContain(value);
    const { config } = parse(file) as { config: Record<string, unknown> };
    expect(config["clawforce:instanceGroups"]).toEqual(groups);
    for (const [key, value] of [
      [`clawforce:gatewayTokens.${name}`, values.OPENCLAW_GATEWAY_TOKEN],
      ["clawforce:secrets.model-api-key", values.MODEL_API_KEY],
    ] as const) {
      const get = await world.pulumi(["config", "get", "--path", key, ...world.stackFlags()]);
      expect(get.output).toBe(`${value}\n`);
    }
    expect(await world.identity(name)).toEqual(before);
  });

  it("has its secrets taken over by the commands that are printed, and none of them shows a value", async () => {
    await world.configure();
    const commands = text.split("\n").flatMap((line) => line.match(/^ {2}Set [^:]+: (.*)$/)?.[1] ?? []);
    expect(commands).toHaveLength(2);
    for (const command of commands) {
      const set = await shell(command.replace(/--stack \S+/, world.stackFlags().join(" ")));
      expect(set.code, set.output).toBe(0);
    }
    const preview = await policed(world, "preview");
    expect(preview.code, preview.output).toBe(0);
    expect(preview.violations.filter(({ level }) => level === "mandatory")).toEqual([]);
    expect(preview.output).toContain(`${name}: adopt ${name} on `);
  });

  it("is refused at the preview as long as something of it would be lost", async () => {
    const { adopted } = groups;
    const { labels: _, ...container } = adopted?.container ?? {};
    const { environment: __, ...others } = container;
    groups = { adopted: { ...(adopted as NonNullable<typeof adopted>), container: others } };
    await world.configure();
    const before = await world.identity(name);
    const preview = await world.preview();
    expect(preview.code).not.toBe(0);
    expect(preview.output).toContain(
      "the variable LOG_LEVEL (environment.LOG_LEVEL); its `labels.traefik.enable` (labels.traefik.enable)",
    );
    expect(await world.identity(name)).toEqual(before);
    groups = { adopted: adopted as NonNullable<typeof adopted> };
    await world.configure();
  });

  it("is taken over by an update, with its state, after snapshot, drill and stop", async () => {
    const stranger = await world.inspect(name);
    const up = await world.up();
    expect(up.code, up.output).toBe(0);
    const { body } = await world.ask(name, "/messages");
    expect((body as { text: string }[]).map((each) => each.text)).toEqual(["before the adoption"]);
    const { Id, Config, HostConfig, NetworkSettings } = await world.inspect(name);
    expect(Id).not.toBe(stranger.Id);
    const expected = { LOG_LEVEL: "debug", ...values };
    expect(Config.Env).toEqual(
      expect.arrayContaining(Object.entries(expected).map(([key, value]) => `${key}=${value}`)),
    );
    expect(HostConfig).toMatchObject({ Memory: 256 * 1024 * 1024, RestartPolicy: { Name: "always" } });
    expect(NetworkSettings.Networks[`${world.stack}_net`]?.Aliases).toContain("gateway");
    const targets = (await world.inspect(name)).Mounts.map(({ Name, Destination }) => [Name, Destination]);
    expect(targets).toContainEqual([`${world.stack}-workspace`, "/home/node/.openclaw/workspace"]);
    const kinds = (await world.records(name)).map(({ kind }) => kind);
    const order = ["baseline", "snapshot", "drill", "snapshot", "cut-over", "gate", "verification"];
    expect(kinds.filter((kind) => order.includes(kind))).toEqual(order);
    const kept = await world.inspect(`${name}-before-adoption`);
    expect(kept).toMatchObject({
      Id: stranger.Id,
      State: { Running: false },
      HostConfig: { RestartPolicy: { Name: "no" } },
    });
  });

  it("is kept so that nobody starts it beside the new one, whoever finds it by its labels", async () => {
    const kept = `${name}-before-adoption`;
    const start = await shell(`docker start ${kept}`);
    expect(start.code).not.toBe(0);
    // Which of the two the engine finds first differs: its port is another one's now as well.
    expect(start.output).toMatch(/\.is-kept-stopped not found|port is already allocated/);
    const { State, NetworkSettings } = await world.inspect(kept);
    expect(State.Running).toBe(false);
    expect(Object.keys(NetworkSettings.Networks)).toContain(`${kept}.is-kept-stopped`);
    expect((await world.docker.listNetworks()).map(({ Name }) => Name)).not.toContain(
      `${kept}.is-kept-stopped`,
    );
  });

  it("is a workload like any other afterwards: the next update does nothing", async () => {
    const before = await world.identity(name);
    const up = await world.up();
    expect(up.code, up.output).toBe(0);
    expect(up.output).not.toMatch(/\b(created|updated|replaced|deleted)\b/);
    expect(await world.identity(name)).toEqual(before);
  });

  it("goes back by hand with the commands of docs/adopt.md", async () => {
    const page = await readFile(join(projectFolder, "docs/adopt.md"), "utf8");
    const commands = page.slice(page.indexOf("## Going back")).match(/^ {7}docker .*$/gm) ?? [];
    expect(commands).toHaveLength(4);
    const old = (await world.inspect(`${name}-before-adoption`)).Id;
    // In place of the step that takes the instance out of its stack.
    await world.docker.getContainer(name).rename({ name: `${name}-of-the-stack` });
    await world.docker.getContainer(`${name}-of-the-stack`).stop();
    for (const command of commands) {
      const done = await shell(command.replaceAll("support-1", name));
      expect(done.code, done.output).toBe(0);
    }
    await until("it serves", async () => (await world.inspect(name)).State.Health?.Status === "healthy");
    const { Id, NetworkSettings } = await world.inspect(name);
    expect([Id, Object.keys(NetworkSettings.Networks)]).toEqual([old, [`${world.stack}_net`]]);
    await world.docker.getContainer(name).stop();
    await world.docker.getContainer(name).rename({ name: `${name}-before-adoption` });
    await world.docker.getContainer(`${name}-of-the-stack`).rename({ name });
  });
});
