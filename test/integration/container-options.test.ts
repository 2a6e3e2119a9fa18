import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../demo/free-port.ts";
import { partsOfThisRun, runProgram, World } from "../support/world.ts";
import { fixtureGroup } from "../support/world-settings.ts";

describe("a container as people have it", () => {
  let world: World;
  let name: string;
  let port: number;
  const secret = "a-key-that-nobody-else-has";
  let labels: Record<string, string> = { "traefik.enable": "true" };

  beforeAll(async () => {
    const { images } = await partsOfThisRun();
    port = await freePort();
    world = await World.create(
      { stable: images.fixture[1] },
      {
        instances: 1,
        patience: true,
        settings: ({ stack, instances, wave, folder }) => {
          const { container, ...group } = fixtureGroup(stack, true);
          const own = container as { network: string };
          return {
            instanceGroups: {
              [`${stack}-group`]: {
                ...{ ...group, agentImage: "agent", instances, waves: [1], wave },
                container: {
                  ...own,
                  // Without this very entrypoint, or without the mount, nothing starts: a drill neither.
                  entrypoint: ["sh", "-c", "test -f /shared/note && exec fixture"],
                  command: ["is no program"],
                  secrets: { MODEL_API_KEY: "model-key" },
                  workingDirectory: "/home/node",
                  mounts: [
                    { kind: "bind", source: join(folder, "shared"), target: "/shared", readOnly: true },
                    { kind: "volume", source: `${stack}-models`, target: "/models" },
                    { kind: "tmpfs", target: "/scratch", size: "16 MiB" },
                  ],
                  ports: [{ container: 18789, host: port }],
                  networks: [
                    { name: own.network, aliases: ["gateway"] },
                    { name: `${stack}_existing`, existing: true, aliases: ["gateway"] },
                  ],
                  extraHosts: { "host.docker.internal": "host-gateway" },
                  shmSize: "128 MiB",
                  cpus: 1.5,
                  ulimits: { nofile: { soft: 1024, hard: 4096 } },
                  devices: [{ host: "/dev/null", container: "/dev/nothing", permissions: "rw" }],
                  capabilities: { add: ["NET_BIND_SERVICE"], drop: ["ALL"] },
                  securityOptions: ["no-new-privileges:true"],
                  labels,
                  logging: { options: { "max-size": "10m", "max-file": "3" } },
                  restart: "always",
                  init: false,
                  stopSignal: "SIGINT",
                  options: { sysctls: { "net.core.somaxconn": "1024" }, groupAdds: ["4242"] },
                },
              },
            },
          };
        },
      },
    );
    [name = ""] = world.instances;
    await mkdir(join(world.folder, "shared"));
    await writeFile(join(world.folder, "shared", "note"), "from the host");
    await world.docker.createNetwork({ Name: `${world.stack}_existing` });
    await world.docker.createVolume({ Name: `${world.stack}-models` });
    const missing = await world.preview();
    expect(missing.code).not.toBe(0);
    expect(missing.output).toContain(
      "clawforce:secrets.model-key: the secret is not set. Run `pulumi config set --secret --path 'clawforce:secrets.model-key'`.",
    );
    const set = ["config", "set", "--secret", "--path", "clawforce:secrets.model-key", secret];
    expect((await world.pulumi([...set, ...world.stackFlags()])).code).toBe(0);
    const first = await world.up();
    expect(first.code, first.output).toBe(0);
  });
  afterAll(() => world?.destroy());

  it("gets what its configuration says, as Docker itself tells", async () => {
    const { Config, HostConfig, NetworkSettings } = await world.inspect(name);
    expect(Config).toMatchObject({ WorkingDir: "/home/node", StopSignal: "SIGINT" });
    expect(Config.Env).toContain(`MODEL_API_KEY=${secret}`);
    expect(Config.Labels).toMatchObject({ "traefik.enable": "true", "clawforce.stack": world.stack });
    expect(HostConfig).toMatchObject({
      ShmSize: 128 * 1024 * 1024,
      NanoCpus: 1_500_000_000,
      ExtraHosts: ["host.docker.internal:host-gateway"],
      Ulimits: [{ Name: "nofile", Soft: 1024, Hard: 4096 }],
      Devices: [{ PathOnHost: "/dev/null", PathInContainer: "/dev/nothing", CgroupPermissions: "rw" }],
      SecurityOpt: ["no-new-privileges:true"],
      LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "3" } },
      RestartPolicy: { Name: "always" },
      Init: false,
      Sysctls: { "net.core.somaxconn": "1024" },
      GroupAdd: ["4242"],
    });
    expect(HostConfig.CapDrop).toEqual(["ALL"]);
    expect(HostConfig.CapAdd).toEqual([expect.stringMatching(/^(CAP_)?NET_BIND_SERVICE$/)]);
    expect(HostConfig.PortBindings).toEqual({ "18789/tcp": [{ HostIp: "127.0.0.1", HostPort: `${port}` }] });
    const mounts = HostConfig.Mounts?.map(({ Type, Target, ReadOnly }) => [Type, Target, ReadOnly === true]);
    expect(mounts?.toSorted()).toEqual([
      ["bind", "/shared", true],
      ["tmpfs", "/scratch", false],
      ["volume", "/models", false],
    ]);
    const existing = NetworkSettings.Networks[`${world.stack}_existing`];
    expect(existing?.Aliases).toContain("gateway");
    expect(await (await fetch(`http://127.0.0.1:${port}/healthz`)).json()).toMatchObject({ ok: true });
  });

  it("keeps its secret out of the state, the stack file and the records", async () => {
    const found = await runProgram("grep", ["-rlF", secret, world.folder], {});
    expect(found).toMatchObject({ code: 1, output: "" });
  });

  it("is not made again by an update that changes nothing, and its other network is not the stack's", async () => {
    const before = await world.identity(name);
    const again = await world.up();
    expect(again.code, again.output).toBe(0);
    expect(again.output).toMatch(/Resources:\n {4}\d+ unchanged\n/);
    expect(await world.identity(name)).toEqual(before);
    const network = await world.docker.getNetwork(`${world.stack}_existing`).inspect();
    expect(network.Labels).toEqual({});
  });

  it("is changed like an image: named in the plan, prepared, snapshotted, verified", async () => {
    labels = { "traefik.enable": "false" };
    await world.configure();
    const preview = await world.preview();
    expect(preview.output).toContain(`labels.traefik.enable`);
    const update = await world.up();
    expect(update.code, update.output).toBe(0);
    expect((await world.inspect(name)).Config.Labels).toMatchObject({ "traefik.enable": "false" });
    const kinds = (await world.records(name)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "drill")).toHaveLength(1);
    expect(kinds.slice(-6)).toEqual(["snapshot", "cut-over", "settings", "gate", "state", "verification"]);
  });
});
