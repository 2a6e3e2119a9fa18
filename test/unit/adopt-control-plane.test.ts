import { expect, test } from "vitest";
import { controlPlaneEdits, controlPlaneText } from "../../fleet/adopt-control-plane.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { controlPlaneOf } from "../../platforms/docker/adopted-control-plane.ts";
import { losses } from "../../platforms/docker/losses.ts";
import { rawConfig } from "./config-fixture.ts";
import { type InspectedChange, inspected, inspectedImage } from "./inspected-container.ts";

const data = { Type: "volume", Name: "claworc-data", Source: "/x", Destination: "/app/data", RW: true };
const socket = {
  ...{ Type: "bind", Source: "/var/run/docker.sock", Destination: "/var/run/docker.sock", RW: true },
};
const instances = [
  { name: "bot-desk-1", state: "running" },
  { name: "bot-desk-2", state: "exited" },
];

/** As its compose file runs it. */
function plane(
  change: InspectedChange = {},
  env: string[] = ["CLAWORC_DATA_PATH=/app/data"],
): InspectedChange {
  return {
    Name: "/claworc",
    Mounts: [data, socket],
    Networks: { claworc: { Aliases: ["control-plane"] } },
    ...change,
    Config: { Env: ["PATH=/bin", "NODE_VERSION=24", ...env], ...change.Config },
    HostConfig: { NetworkMode: "claworc", ...change.HostConfig },
  };
}

const adopted = (change?: InspectedChange, env?: string[], asked = {}) =>
  controlPlaneOf(inspected(plane(change, env)), inspectedImage, asked, instances);
const linesOf = (adoption = adopted()) => controlPlaneEdits(adoption, rawConfig()).at(-1)?.value;

test("the lines of a control plane name its data, its network and its database", () => {
  expect(linesOf()).toEqual({
    name: "claworc",
    image: `registry.test/openclaw:2026.4.23@${inspectedImage.RepoDigests[0]?.split("@")[1]}`,
    data: { volume: "claworc-data" },
    database: "claworc.db",
    adopt: "claworc",
    container: {
      environment: { CLAWORC_DATA_PATH: "/app/data" },
      network: "claworc",
      networks: [{ name: "claworc", existing: true, aliases: ["control-plane"] }],
    },
  });
});

test.each<[string, InspectedChange, string[], object]>([
  [
    "data in a folder, under the same path as the installer does",
    {
      Mounts: [
        { ...data, Type: "bind", Source: "/root/.claworc/data", Destination: "/root/.claworc/data" },
        socket,
      ],
    },
    ["CLAWORC_DATA_PATH=/root/.claworc/data"],
    {
      data: { directory: "/root/.claworc/data" },
      container: { stateDirectory: "/root/.claworc/data" },
    },
  ],
  [
    "Backups elsewhere",
    { Mounts: [data, socket, { ...data, Name: "backups", Destination: "/backups" }] },
    ["CLAWFORCE_BACKUPS_PATH=/backups/"],
    { backups: { volume: "backups", path: "/backups" } },
  ],
  [
    "Backups mounted inside of its data",
    { Mounts: [data, socket, { ...data, Name: "backups", Destination: "/app/data/backups" }] },
    ["CLAWFORCE_BACKUPS_PATH=/app/data/backups"],
    { backups: { volume: "backups", path: "/app/data/backups" } },
  ],
  [
    "published ports",
    {
      HostConfig: {
        PortBindings: { "8000/tcp": [{ HostPort: "8000" }], "2222/tcp": [{ HostPort: "2222" }] },
      },
    },
    [],
    { publish: "0.0.0.0:8000", container: { ports: [{ container: 2222, host: 2222, address: "0.0.0.0" }] } },
  ],
  [
    "another socket",
    { Mounts: [data, { ...socket, Source: "/run/user/docker.sock" }] },
    [],
    { container: { dockerSocket: "/run/user/docker.sock" } },
  ],
  ["no socket", { Mounts: [data] }, [], { container: { dockerSocket: "none" } }],
  [
    "the health check of its image, which runs there",
    { Config: { Healthcheck: { Test: ["CMD", "node", "h.js"], Interval: 10e9 } } },
    [],
    { container: { health: { command: ["node", "h.js"], interval: "10s" } } },
  ],
  [
    "other mounts",
    { Mounts: [data, socket, { ...data, Name: "certs", Destination: "/certs" }] },
    [],
    {
      container: { mounts: [{ kind: "volume", source: "certs", target: "/certs" }] },
    },
  ],
])("a control plane with %s keeps it, and the preview misses nothing", (_, change, env, expected) => {
  const adoption = adopted(change, env);
  const lines = linesOf(adoption) as Record<string, unknown>;
  expect(lines).toMatchObject(expected);
  const config = parseStackConfig(rawConfig({ window: "control-plane", controlPlane: lines }));
  const { container, publish, backups } = config.controlPlane ?? {};
  if (container === undefined) throw new Error("there is no control plane");
  const found = inspected(plane(change, env));
  expect(
    losses(found, inspectedImage, {
      ...{ container, ...(publish !== undefined && { publish }) },
      ...(backups !== undefined && { backups: backups.path }),
    }),
  ).toEqual([]);
});

test("its secrets are told by their names, and its instances are listed as what is never touched", () => {
  const adoption = adopted({}, ["CLAWFORCE_ADMIN_PASSWORD=the-value"]);
  expect(adoption.secrets).toEqual({ CLAWFORCE_ADMIN_PASSWORD: "clawforce-admin-password" });
  const text = controlPlaneText(adoption, "prod", rawConfig(), false);
  expect(text).toContain(
    "  It manages bot-desk-1 (running), bot-desk-2 (exited).\n  They are never touched:",
  );
  expect(text).toContain("pulumi config set --stack prod clawforce:window control-plane");
  expect(text).not.toMatch(/the-value|GATEWAY_TOKEN/);
});

test.each<[string, InspectedChange, string[], RegExp]>([
  [
    "Backups in the container itself",
    {},
    ["CLAWFORCE_BACKUPS_PATH=/backups"],
    /Backups of claworc are at \/backups, where nothing is mounted/,
  ],
  ["no variable of a control plane", {}, [], /None of its variables says that claworc is a control plane/],
  ["no health check", {}, [], /gets one that needs `wget`/],
  ["no socket", { Mounts: [data] }, [], /has no socket of the Docker engine/],
])("%s is said", (_, change, env, message) => {
  expect(controlPlaneText(adopted(change, env), "prod", rawConfig(), false)).toMatch(message);
});

test.each<[string, InspectedChange, string[], RegExp]>([
  [
    "a database elsewhere",
    {},
    ["CLAWORC_DATABASE=postgres://db/x"],
    /claworc can't be adopted: CLAWORC_DATABASE names a database on a server/,
  ],
  [
    "a name that none can have",
    { Name: "/claworc_1" },
    [],
    /keeps its name when it is adopted.*docker rename/,
  ],
  ["no data", { Mounts: [socket] }, [], /no volume or folder at \/app\/data/],
])("a control plane with %s is refused", (_, change, env, message) => {
  expect(() => adopted(change, env)).toThrow(message);
});
