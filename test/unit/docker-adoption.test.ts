import { expect, test } from "vitest";
import { parse } from "yaml";
import { adoptionEdits } from "../../fleet/adoption-lines.ts";
import { adoptionText } from "../../fleet/adoption-text.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { secretNames } from "../../platforms/adopted-secrets.ts";
import { type Adoption, withSecrets } from "../../platforms/adoption.ts";
import { variablesOf } from "../../platforms/docker/adopted-settings.ts";
import { adoptionOf } from "../../platforms/docker/adoption.ts";
import { digest, rawConfig } from "./config-fixture.ts";
import { home, type InspectedChange, inspected, inspectedImage } from "./inspected-container.ts";

const asked = {
  stateDirectory: "/home/node/.openclaw",
  port: 18789,
};
const image = inspectedImage;
type Change = InspectedChange;

const adopted = (change: Change = {}) => adoptionOf(inspected(change), image, asked);

test("a container that is as its image says has a state, a network and nothing else", () => {
  expect(adopted()).toEqual({
    ...{ container: "gateway-1", instance: "gateway-1", state: { volume: "oc-home" } },
    image: `registry.test/openclaw:2026.4.23@${digest("a")}`,
    startedWith: "registry.test/openclaw:2026.4.23",
    aliases: ["gateway"],
    settings: { network: "oc_default", networks: [{ name: "oc_default", existing: true }] },
    ...{ secrets: {}, hasToken: false, lost: [], notes: [] },
    condition: { status: "running", running: true, paused: false, health: undefined },
  });
});

test.each<[string, Change, object]>([
  ["a command", { Config: { Cmd: ["openclaw", "gateway"] } }, { command: ["openclaw", "gateway"] }],
  [
    "an entrypoint",
    { Config: { Entrypoint: ["/usr/bin/tini", "--"] } },
    { entrypoint: ["/usr/bin/tini", "--"] },
  ],
  ["a user", { Config: { User: "1000:1000" } }, { user: "1000:1000" }],
  ["a working directory", { Config: { WorkingDir: "/srv" } }, { workingDirectory: "/srv" }],
  [
    "a variable with = in it",
    { Config: { Env: ["PATH=/bin", "ARGS=a=b"] } },
    { environment: { ARGS: "a=b" } },
  ],
  [
    "a changed variable of the image",
    { Config: { Env: ["PATH=/else"] } },
    { environment: { PATH: "/else" } },
  ],
  [
    "udp",
    { HostConfig: { PortBindings: { "53/udp": [{ HostIp: "127.0.0.1", HostPort: "53" }] } } },
    { ports: [{ container: 53, host: 53, address: "127.0.0.1", protocol: "udp" }] },
  ],
  [
    "tmpfs",
    { HostConfig: { Tmpfs: { "/tmp": "rw,size=64m,mode=1777", "/run": "" } } },
    {
      mounts: [
        { kind: "tmpfs", target: "/tmp", size: "64 MiB" },
        { kind: "tmpfs", target: "/run" },
      ],
    },
  ],
  [
    "limits",
    {
      HostConfig: {
        ...{ Memory: 1_073_741_824, NanoCpus: 1_500_000_000, ShmSize: 134_217_728 },
        Ulimits: [{ Name: "nofile", Soft: 1024, Hard: 4096 }],
      },
    },
    { memory: "1024 MiB", cpus: 1.5, shmSize: "128 MiB", ulimits: { nofile: { soft: 1024, hard: 4096 } } },
  ],
  [
    "rights",
    {
      HostConfig: {
        ...{
          CapAdd: ["NET_ADMIN"],
          CapDrop: ["ALL"],
          SecurityOpt: ["no-new-privileges:true"],
          ReadonlyRootfs: true,
        },
        Devices: [{ PathOnHost: "/dev/net/tun", PathInContainer: "/dev/net/tun", CgroupPermissions: "rwm" }],
        DeviceRequests: [{ Driver: "", Count: -1, Capabilities: [["gpu"]] }],
        ExtraHosts: ["host.docker.internal:host-gateway", "six:::1"],
      },
    },
    {
      capabilities: { add: ["NET_ADMIN"], drop: ["ALL"] },
      ...{ securityOptions: ["no-new-privileges:true"], readOnly: true, gpus: "all" },
      devices: [{ host: "/dev/net/tun" }],
      extraHosts: { "host.docker.internal": "host-gateway", six: "::1" },
    },
  ],
  ["no restart", { HostConfig: { RestartPolicy: { Name: "" } } }, { restart: "no" }],
  [
    "a health check in a shell",
    {
      Config: {
        Healthcheck: { Test: ["CMD-SHELL", "curl -f x || exit 1"], Interval: 90e9, Retries: 3 },
      },
    },
    { health: { command: ["sh", "-c", "curl -f x || exit 1"], interval: "1m30s", retries: 3 } },
  ],
  [
    "what has no key of its own",
    { HostConfig: { Privileged: true, Sysctls: { "net.core.somaxconn": "1024" }, GroupAdd: ["4"], Dns: [] } },
    { options: { privileged: true, sysctls: { "net.core.somaxconn": "1024" }, groupAdds: ["4"] } },
  ],
  [
    "labels, but none of Compose",
    { Config: { Labels: { ...image.Config.Labels, a: "1", "com.docker.compose.project": "oc" } } },
    { labels: { a: "1" } },
  ],
])("%s is taken over", (_, change, expected) => {
  expect(adopted(change).settings).toMatchObject(expected);
});

test.each<[string, string, unknown]>([
  ["127.0.0.1", "18790", 18790],
  ["", "80", "0.0.0.0:80"],
  ["::1", "80", "::1:80"],
])("its own port at %j:%s is published by its instance", (HostIp, HostPort, publish) => {
  const found = adopted({ HostConfig: { PortBindings: { "18789/tcp": [{ HostIp, HostPort }] } } });
  expect(found.publish).toBe(publish);
  expect(found.settings).not.toHaveProperty("ports");
});

test("secrets are told by their names, and their values stand nowhere", () => {
  const Env = [
    "PATH=/bin",
    "OPENCLAW_GATEWAY_TOKEN=t-1",
    "MODEL_API_KEY=k-1",
    "MONKEY=see",
    "AUTHOR=me",
    "DB_PASSWORD=",
  ];
  const found = adopted({ Config: { Env } });
  expect(found.secrets).toEqual({ MODEL_API_KEY: "model-api-key" });
  expect(found.hasToken).toBe(true);
  expect(found.settings.environment).toEqual({ MONKEY: "see", AUTHOR: "me", DB_PASSWORD: "" });
  expect(JSON.stringify(found)).not.toMatch(/t-1|k-1/);
});

test.each<[string, Change, RegExp]>([
  [
    "a mount inside of the state that can't be written to",
    {
      Mounts: [
        home,
        { Type: "bind", Source: "/srv/w", Destination: "/home/node/.openclaw/workspace", RW: false },
      ],
    },
    /inside of the state at \/home\/node\/\.openclaw\/workspace \(from \/srv\/w\)/,
  ],
  [
    "a volume without a name inside of the state",
    { Mounts: [home, { ...home, Name: "f".repeat(64), Destination: "/home/node/.openclaw/cache" }] },
    /inside of the state at \/home\/node\/\.openclaw\/cache/,
  ],
  [
    "a volume without a name",
    { Mounts: [home, { Type: "volume", Name: "f".repeat(64), Source: "", Destination: "/cache", RW: true }] },
    /the volume without a name at \/cache/,
  ],
  ["a limit of processes", { HostConfig: { PidsLimit: 512 } }, /its limit of 512 processes/],
])("%s is said to be lost", (_, change, message) => {
  expect(
    adopted(change)
      .lost.map(({ what }) => what)
      .join("\n"),
  ).toMatch(message);
});

test("a part of the state that is mounted once more is no loss, unless it could not be written to", () => {
  const folder = { ...home, Type: "bind", Source: "/srv/gw" };
  const again = (RW: boolean) => ({
    ...{ Type: "bind", Source: "/srv/gw/workspace/", Destination: "/home/node/.openclaw/workspace", RW },
  });
  const nestedOf = (RW: boolean) => adopted({ Mounts: [folder, again(RW)] }).lost.map(({ key }) => key);
  expect(nestedOf(true)).toEqual([]);
  expect(nestedOf(false)).toEqual(["mounts./home/node/.openclaw/workspace"]);
});

test.each<[string, Change, RegExp]>([
  ["is stopped", { State: { Status: "exited", Running: false } }, /is stopped\. Start it/],
  ["restarts again and again", { State: { Status: "restarting" } }, /restarts again and again/],
  ["is unhealthy", { State: { Health: { Status: "unhealthy" } } }, /is unhealthy/],
  ["removes itself", { HostConfig: { AutoRemove: true } }, /started with --rm/],
  [
    "has a name of old Compose",
    { Name: "/oc_gateway_1" },
    /Its instance is called oc-gateway-1, because oc_gateway_1 is no name of an instance\. The container keeps its name\./,
  ],
  ["is in the default network", { Networks: { bridge: {} } }, /default network `bridge`/],
])("a container that %s has a sentence of its own", (_, change, message) => {
  const all = [adopted(change)];
  expect(adoptionText(all, { stack: "s", group: "g", agentImage: "i", settings: {} })).toMatch(message);
});

test.each<[string, Change, RegExp]>([
  [
    "has its state in itself",
    { Mounts: [] },
    /no volume or folder at .* so its state would be lost.*`docker cp`/,
  ],
  [
    "has its state elsewhere",
    { Mounts: [{ ...home, Destination: "/data" }] },
    /It has something at \/data: name the one with the state with --state-directory/,
  ],
  ["a control plane has made", { Config: { Labels: { "managed-by": "claworc" } } }, /`managed: true`/],
  ["an adoption has kept", { Name: "/oc-gateway-1-before-adoption" }, /is what an adoption has kept/],
  ["a stack has", { Config: { Labels: { "clawforce.stack": "prod" } } }, /belongs to the stack prod already/],
])("a container that %s is refused", (_, change, message) => {
  expect(() => adopted(change)).toThrow(message);
});

test("the lines make a stack file that is accepted; who is alike shares a group", () => {
  const alike = (service: string): Change => ({
    Config: {
      Env: ["PATH=/bin", "MODEL_API_KEY=x"],
      Labels: { "com.docker.compose.project": "oc", "com.docker.compose.service": service },
    },
    Networks: { oc_default: { Aliases: [`oc-${service}-1`, service, "0123456789ab"] } },
  });
  const all: Adoption[] = [
    adopted({ Name: "/a", ...alike("anna"), Mounts: [{ ...home, Name: "oc_anna" }] }),
    adopted({ Name: "/b", ...alike("bert"), Mounts: [{ ...home, Name: "outside" }] }),
    adopted({
      Name: "/c",
      Mounts: [{ ...home, Type: "bind", Source: "/srv/c" }],
      HostConfig: { ReadonlyRootfs: true },
    }),
  ];
  const text = adoptionText(all, { stack: "s", group: "gateways", agentImage: "openclaw", settings: {} });
  const lines = text.split("\n");
  const block = parse(lines.slice(2, lines.indexOf("", 2)).join("\n"));
  const config = parseStackConfig({
    ...rawConfig({}),
    agentImages: block["clawforce:agentImages"],
    instanceGroups: block["clawforce:instanceGroups"],
  });
  expect(config.agentImages).toMatchObject({
    openclaw: { stable: `registry.test/openclaw:2026.4.23@${digest("a")}` },
  });
  expect(
    Object.entries(config.instanceGroups).map(([name, { instances }]) => [
      name,
      instances.map((each) => [each.name, each.adopt?.container]),
    ]),
  ).toEqual([
    [
      "gateways",
      [
        ["a", "a"],
        ["b", "b"],
      ],
    ],
    ["gateways-2", [["c", "c"]]],
  ]);
  expect(text).toContain("pulumi config set --stack s --secret --path 'clawforce:secrets.model-api-key'");
  expect(text.match(/'clawforce:secrets\.model-api-key'/g)).toHaveLength(1);
  expect(text).not.toMatch(/[&*]a1/);
  expect(lines.slice(lines.findIndex((line) => line.startsWith("Compose: ")))).toEqual([
    "Compose: its project oc made a, b. Change its file before you go on:",
    "  services: `profiles: [adopted]` in anna, bert",
    "  volumes: `anna: {external: true, name: oc_anna}`",
    expect.stringContaining("no service selected"),
    "Nobody may run `docker compose up` with the file as it was: see docs/adopt.md.",
    "",
    ...lines.slice(lines.findIndex((line) => line.startsWith("Nothing was changed."))),
  ]);
  expect(text).toContain("stays, stopped, as a-before-adoption, b-before-adoption, c-before-adoption.");
});

test("a variable is split at its first sign, and may have no value", () => {
  const found = inspected({ Config: { Env: ["A=x=y", "B=", "ALONE", "C=1\n2"] } });
  expect(variablesOf(found)).toEqual({ A: "x=y", B: "", ALONE: "", C: "1\n2" });
});

test("one secret stands for one value: who has another one gets it beside its name", () => {
  const held = (instance: string, values: Record<string, string>) => ({
    ...{ instance, values },
    names: Object.fromEntries(Object.keys(values).map((key) => [key, key.toLowerCase()])),
  });
  const all = [held("a", { SHARED: "1", KEY: "x" }), held("b", { SHARED: "1", KEY: "y", TAKEN: "z" })];
  expect(secretNames(all, new Set(["taken"]))).toEqual([
    { shared: { SHARED: "shared" }, own: { KEY: "key-of-a" } },
    { shared: { SHARED: "shared" }, own: { KEY: "key-of-b", TAKEN: "taken-of-b" } },
  ]);
});

test("gateways that differ in the values of secrets alone share a group", () => {
  const one = (Name: string, volume: string) =>
    withSecrets(
      adopted({ Name, Config: { Env: ["MODEL_API_KEY=x"] }, Mounts: [{ ...home, Name: volume }] }),
      {
        shared: {},
        own: { MODEL_API_KEY: `model-api-key-of${Name.replace("/", "-")}` },
      },
    );
  const names = { stack: "s", group: "g", agentImage: "i", settings: {} };
  const [, group] = adoptionEdits([one("/a", "a-home"), one("/b", "b-home")], names);
  expect(group).toMatchObject({
    path: ["instanceGroups", "g"],
    value: {
      instances: [
        { name: "a", secrets: { MODEL_API_KEY: "model-api-key-of-a" } },
        { name: "b", secrets: { MODEL_API_KEY: "model-api-key-of-b" } },
      ],
    },
  });
});

test("an image without a digest is no line of the stack file, and says what to do", () => {
  const local = adoptionOf(inspected({}), { ...image, RepoDigests: [] }, asked);
  const text = adoptionText([local], { stack: "s", group: "g", agentImage: "i", settings: {} });
  expect(text).toContain("has no digest: it was built or loaded on this host. Push it to a registry");
  expect(text).not.toContain("clawforce:instanceGroups");
});
