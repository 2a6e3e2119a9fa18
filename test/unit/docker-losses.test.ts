import { describe, expect, it } from "vitest";
import { gatewayContainer } from "../../config/container-schema.ts";
import type { Inspected } from "../../platforms/docker/adopted-settings.ts";
import { losses } from "../../platforms/docker/losses.ts";

const image = { RepoDigests: [], Config: { Env: ["PATH=/bin"], Labels: { maintainer: "x" } } };
const home = { Type: "volume", Name: "oc-home", Source: "/x", Destination: "/home/node/.openclaw", RW: true };
const shared = { Type: "bind", Source: "/srv/shared", Destination: "/shared", RW: false };

/** A container of somebody else's that has one of everything. */
const theirs = {
  Id: "0123456789ab".padEnd(64, "0"),
  Name: "/gateway-1",
  Config: {
    Env: ["PATH=/bin", "LOG_LEVEL=debug", "MODEL_API_KEY=value-of-the-key"],
    Cmd: ["openclaw", "gateway", "run"],
    User: "node",
    Labels: { maintainer: "x", "traefik.enable": "true", "com.docker.compose.project": "oc" },
  },
  HostConfig: {
    RestartPolicy: { Name: "always" },
    NetworkMode: "oc_default",
    Memory: 256 * 1024 * 1024,
    CapAdd: ["NET_ADMIN"],
    ReadonlyRootfs: true,
    PortBindings: {
      "18789/tcp": [{ HostIp: "0.0.0.0", HostPort: "18789" }],
      "9000/tcp": [{ HostIp: "", HostPort: "9000" }],
    },
    Tmpfs: { "/tmp": "size=64m" },
    Ulimits: [{ Name: "nofile", Soft: 1024, Hard: 2048 }],
    ExtraHosts: ["db:10.0.0.2"],
    LogConfig: { Type: "json-file", Config: { "max-size": "5m" } },
  },
  Mounts: [home, shared],
  NetworkSettings: { Networks: { oc_default: { Aliases: ["gateway", "0123456789ab"] } } },
} as unknown as Inspected;

const all = [
  ...["publish", "command", "user", "environment.LOG_LEVEL", "environment.MODEL_API_KEY"],
  ...["networks.oc_default", "ports.9000/tcp", "mounts./shared", "mounts./tmp", "memory"],
  ...["ulimits.nofile.soft", "ulimits.nofile.hard", "extraHosts.db", "capabilities.add.NET_ADMIN"],
  ...["readOnly", "labels.traefik.enable", "logging.options.max-size"],
];

function lostOf(container: object, publish?: number): string[] {
  const wanted = { container: gatewayContainer.parse(container), ...(publish && { publish }) };
  return losses(theirs, image, wanted).map(({ key }) => key);
}

/** What `fleet adopt` would write for it. */
const same = {
  command: ["openclaw", "gateway", "run"],
  user: "node",
  environment: { LOG_LEVEL: "debug" },
  secrets: { MODEL_API_KEY: "model-api-key" },
  network: "oc_default",
  networks: [{ name: "oc_default", existing: true, aliases: ["gateway"] }],
  ports: [{ container: 9000, host: 9000, address: "0.0.0.0" }],
  mounts: [
    { kind: "bind", source: "/srv/shared", target: "/shared", readOnly: true },
    { kind: "tmpfs", target: "/tmp", size: "64 MiB" },
  ],
  memory: "256 MiB",
  ulimits: { nofile: { soft: 1024, hard: 2048 } },
  extraHosts: { db: "10.0.0.2" },
  capabilities: { add: ["NET_ADMIN"] },
  readOnly: true,
  labels: { "traefik.enable": "true" },
  logging: { options: { "max-size": "5m" } },
};

describe("what a container of somebody else's has and the new one would not have", () => {
  it("is all of it where nothing is written, and no value is told", () => {
    expect(lostOf({}).toSorted()).toEqual(all.toSorted());
    const told = JSON.stringify(losses(theirs, image, { container: gatewayContainer.parse({}) }));
    expect(told).not.toContain("value-of-the-key");
  });

  it("is nothing where the stack file says what `fleet adopt` prints", () => {
    expect(lostOf(same, 18789)).toEqual([]);
  });

  it.each<[string, object, string[]]>([
    ["a variable", { environment: {} }, ["environment.LOG_LEVEL"]],
    ["a secret", { secrets: {} }, ["environment.MODEL_API_KEY"]],
    ["one of two mounts", { mounts: same.mounts.slice(0, 1) }, ["mounts./tmp"]],
    [
      "a name in a network",
      { networks: [{ name: "oc_default", existing: true }] },
      ["networks.oc_default.gateway"],
    ],
    ["a capability", { capabilities: { add: ["SYS_NICE"] } }, ["capabilities.add.NET_ADMIN"]],
    ["a limit", { memory: undefined }, ["memory"]],
    [
      "the same port of another protocol",
      { ports: [{ ...same.ports[0], protocol: "udp" }] },
      ["ports.9000/tcp"],
    ],
  ])("is %s that is left out", (_, change, keys) => {
    expect(lostOf({ ...same, ...change }, 18789)).toEqual(keys);
  });

  it("is nothing that has a key of its own in the stack file", () => {
    const socket = {
      Type: "bind",
      Source: "/run/docker.sock",
      Destination: "/var/run/docker.sock",
      RW: true,
    };
    const backups = { Type: "volume", Name: "oc-backups", Source: "/y", Destination: "/backups", RW: true };
    const plane = { ...theirs, Mounts: [home, shared, socket, backups] } as unknown as Inspected;
    const wanted = { publish: 18789, container: gatewayContainer.parse({ ...same, secrets: {} }) };
    const lost = (change: object) => losses(plane, image, { ...wanted, ...change }).map(({ key }) => key);
    const ofPlane = {
      backups: "/backups",
      container: {
        ...wanted.container,
        tokenVariable: "MODEL_API_KEY",
        dockerSocket: "/run/docker.sock",
      },
    };
    expect(lost({})).toEqual([
      ...["environment.MODEL_API_KEY", "mounts./var/run/docker.sock", "mounts./backups"],
    ]);
    expect(lost(ofPlane)).toEqual([]);
  });

  it("is a place of the state that no mount of the stack file names", () => {
    const target = "/home/node/.openclaw/workspace";
    const nested = { Type: "volume", Name: "oc-workspace", Source: "/z", Destination: target, RW: true };
    const withPlace = { ...theirs, Mounts: [home, shared, nested] } as unknown as Inspected;
    const lost = (mounts: object[]) =>
      losses(withPlace, image, { publish: 18789, container: gatewayContainer.parse({ ...same, mounts }) });
    expect(lost(same.mounts).map(({ key }) => key)).toEqual([`mounts.${target}`]);
    expect(lost([...same.mounts, { kind: "volume", source: "oc-workspace", target, state: true }])).toEqual(
      [],
    );
  });

  it.each<[string, object]>([
    ["another value of a variable", { environment: { LOG_LEVEL: "info" } }],
    ["another limit", { memory: "4 GiB" }],
    ["another command", { command: ["openclaw"] }],
    ["a secret in plain text's place", { environment: {}, secrets: { ...same.secrets, LOG_LEVEL: "level" } }],
  ])("is not %s: that was written by somebody", (_, change) => {
    expect(lostOf({ ...same, ...change }, 18789)).toEqual([]);
  });
});

it("a single file that the stack file takes for state is told of before anything is touched", () => {
  const auth = { Type: "bind", Source: "/srv/auth", Destination: "/home/node/.config/openclaw", RW: true };
  const found = { ...theirs, Mounts: [home, shared, auth] } as unknown as Inspected;
  const place = { kind: "bind", source: "/srv/auth", target: auth.Destination, state: true };
  const wanted = { container: gatewayContainer.parse({ mounts: [place] }) };
  const toldOf = (files: string[]) =>
    losses(found, image, wanted, new Set(files)).filter(({ key }) => key === `mounts.${auth.Destination}`);
  expect(toldOf([])).toEqual([]);
  expect(toldOf([auth.Destination])).toEqual([
    {
      key: `mounts.${auth.Destination}`,
      what: `its file at ${auth.Destination} as state: only folders and volumes can be state. Take \`state: true\` out there`,
    },
  ]);
});
