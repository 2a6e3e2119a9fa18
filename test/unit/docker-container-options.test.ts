import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { gatewayContainer } from "../../config/container-schema.ts";
import { ConfigError } from "../../config/problem.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { containerArgs } from "../../platforms/docker/container-args.ts";
import { rawConfig } from "./config-fixture.ts";

function argsOf(container: object, more: { publish?: number | string } = {}) {
  return containerArgs(
    {
      ...{ stack: "s", name: "a", image: "i@sha256:1", state: { volume: "a-state" }, stopGrace: 30 },
      ...{
        restoreEpoch: "",
        trigger: "",
        missingTrigger: "",
        track: "runtime" as const,
        container: gatewayContainer.parse(container),
        ...more,
      },
    },
    { token: "t", named: pulumi.secret<Record<string, string>>({ "model-key": "k" }) },
  );
}

function problemsOf(container: object): string {
  try {
    parseStackConfig(rawConfig({ "instanceGroups.support.container": container }));
    return "";
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

test("a container without any of these keys has no input of theirs", () => {
  const plain = argsOf({});
  expect(plain).not.toHaveProperty("mounts");
  expect(Object.keys(plain)).toEqual([
    ...["name", "image", "hostname", "init", "restart", "envs", "labels", "networksAdvanced", "volumes"],
    ...["healthcheck", "wait", "waitTimeout", "destroyGraceSeconds", "stopTimeout"],
  ]);
});

test.each<[string, object, object]>([
  ["entrypoint", { entrypoint: ["/usr/bin/tini"] }, { entrypoints: ["/usr/bin/tini"] }],
  ["workingDirectory", { workingDirectory: "/app" }, { workingDir: "/app" }],
  [
    "a bind",
    { mounts: [{ kind: "bind", source: "/srv/shared", target: "/shared", readOnly: true }] },
    { mounts: [{ type: "bind", source: "/srv/shared", target: "/shared", readOnly: true }] },
  ],
  [
    "a volume",
    { mounts: [{ kind: "volume", source: "models", target: "/models" }] },
    { mounts: [{ type: "volume", source: "models", target: "/models", readOnly: false }] },
  ],
  [
    "a tmpfs",
    { mounts: [{ kind: "tmpfs", target: "/tmp", size: "64 MiB" }] },
    { mounts: [{ type: "tmpfs", target: "/tmp", tmpfsOptions: { sizeBytes: 67_108_864 } }] },
  ],
  [
    "ports",
    {
      ports: [
        { container: 1, host: 2 },
        { container: 3, host: 4, address: "0.0.0.0", protocol: "udp" },
      ],
    },
    {
      ports: [
        { internal: 1, external: 2, ip: "127.0.0.1" },
        { internal: 3, external: 4, ip: "0.0.0.0", protocol: "udp" },
      ],
    },
  ],
  [
    "another network",
    { networks: [{ name: "ollama-net", existing: true }] },
    { networksAdvanced: [{ name: "clawforce" }, { name: "ollama-net" }] },
  ],
  [
    "a name in the first network",
    { networks: [{ name: "clawforce", aliases: ["gateway"] }] },
    { networksAdvanced: [{ name: "clawforce", aliases: ["gateway"] }] },
  ],
  [
    "extraHosts",
    { extraHosts: { "host.docker.internal": "host-gateway" } },
    { hosts: [{ host: "host.docker.internal", ip: "host-gateway" }] },
  ],
  ["shmSize", { shmSize: "1 GiB" }, { shmSize: 1024 }],
  ["cpus", { cpus: 1.5 }, { cpus: "1.5" }],
  ["ulimits", { ulimits: { nofile: 65536 } }, { ulimits: [{ name: "nofile", soft: 65536, hard: 65536 }] }],
  [
    "devices",
    { devices: [{ host: "/dev/net/tun" }] },
    { devices: [{ hostPath: "/dev/net/tun", containerPath: "/dev/net/tun", permissions: "rwm" }] },
  ],
  ["gpus", { gpus: "all" }, { gpus: "all" }],
  ["capabilities", { capabilities: { drop: ["ALL"] } }, { capabilities: { adds: [], drops: ["ALL"] } }],
  [
    "securityOptions",
    { securityOptions: ["no-new-privileges:true"] },
    { securityOpts: ["no-new-privileges:true"] },
  ],
  ["readOnly", { readOnly: true }, { readOnly: true }],
  [
    "logging",
    { logging: { options: { "max-size": "10m" } } },
    { logDriver: "json-file", logOpts: { "max-size": "10m" } },
  ],
  ["restart", { restart: "on-failure" }, { restart: "on-failure" }],
  ["init", { init: false }, { init: false }],
  ["stopSignal", { stopSignal: "SIGINT" }, { stopSignal: "SIGINT" }],
  ["platform", { platform: "linux/arm64" }, { platform: "linux/arm64" }],
  ["options", { options: { sysctls: { a: "1" } } }, { sysctls: { a: "1" } }],
])("%s", (_, container, expected) => {
  expect(argsOf(container)).toMatchObject(expected);
});

test("secrets come as variables that nobody may read, after all others", async () => {
  const { envs } = argsOf({ environment: { A: "1" }, secrets: { MODEL_API_KEY: "model-key" } });
  const all = pulumi.all(envs as pulumi.Input<string>[]);
  expect(await new Promise((resolve) => all.apply(resolve))).toEqual([
    ...["A=1", "OPENCLAW_GATEWAY_TOKEN=t", "MODEL_API_KEY=k"],
  ]);
  expect(await pulumi.isSecret((envs as pulumi.Output<string>[])[2] as pulumi.Output<string>)).toBe(true);
});

test.each<[number | string, object]>([
  [18790, { internal: 18789, external: 18790, ip: "127.0.0.1" }],
  ["0.0.0.0:18790", { internal: 18789, external: 18790, ip: "0.0.0.0" }],
  ["[::1]:18790", { internal: 18789, external: 18790, ip: "::1" }],
])("publish %s", (publish, port) => {
  expect(argsOf({}, { publish }).ports).toEqual([port]);
});

test.each<[number | string, string]>([
  ["0.0.0.0", '"0.0.0.0" is no address with a port. Write 18789 for 127.0.0.1'],
  ["example.com:80", "is no address with a port"],
  ["0.0.0.0:70000", "is no address with a port"],
  [0, "0 is too small"],
])("publish %s is refused", (publish, message) => {
  const instances = ["canary", { name: "support-1", publish }];
  expect(() => parseStackConfig(rawConfig({ "instanceGroups.support.instances": instances }))).toThrow(
    message,
  );
});

test("labels come after those of the stack", () => {
  expect(argsOf({ labels: { "traefik.enable": "true" } }).labels).toEqual([
    { label: "clawforce.stack", value: "s" },
    { label: "clawforce.workload", value: "a" },
    { label: "traefik.enable", value: "true" },
  ]);
});

test.each<[string, object, RegExp]>([
  [
    "a mount inside of the state",
    { mounts: [{ kind: "bind", source: "/srv/w", target: "/home/node/.openclaw/workspace" }] },
    /mounts\[0\]\.target: \/home\/node\/\.openclaw\/workspace is inside of \/home\/node\/\.openclaw, where the state is\. A snapshot/,
  ],
  [
    "the state's folder by another spelling",
    { mounts: [{ kind: "volume", source: "w", target: "/home/node/x/../.openclaw/" }] },
    /is where the state is mounted/,
  ],
  ["a label of the stack", { labels: { "clawforce.stack": "x" } }, /is no label of yours/],
  [
    "an input with a key of its own",
    { options: { envs: ["A=1"] } },
    /`envs` has a key of its own here.*`environment`/,
  ],
  [
    "one port for two instances",
    { ports: [{ container: 1, host: 2 }] },
    /port 2 is published by "canary" already/,
  ],
  [
    "a health check as Docker writes it",
    { health: { command: ["CMD-SHELL", "curl -fsS http://127.0.0.1:18789/healthz || exit 1"] } },
    /health\.command: the first word is Docker's, .*\["sh", "-c"/,
  ],
  [
    "a variable that is given twice",
    { environment: { A: "1" }, secrets: { A: "a" } },
    /container\.secrets\.A: `environment` gives the same variable/,
  ],
  [
    "the token's variable",
    { secrets: { OPENCLAW_GATEWAY_TOKEN: "a" } },
    /the gateway's token goes there by itself/,
  ],
  ["a mount of no kind", { mounts: [{ source: "/a", target: "/b" }] }, /expected a mount/],
])("refuses %s", (_, container, message) => {
  expect(problemsOf(container)).toMatch(message);
});

test("beside the state is not inside of it", () => {
  const mounts = [{ kind: "bind", source: "/srv/w", target: "/home/node/.openclaw-more" }];
  expect(problemsOf({ mounts })).toBe("");
});
