import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { composeExample, stackExample } from "../../config/compose-example.ts";
import { settingsOf } from "../../config/container-settings.ts";
import { inputSchema } from "../../config/json-schema.ts";
import { keyRows } from "../../config/reference-page.ts";
import { replaces } from "../../config/replacing-keys.ts";
import { containerOf, type WorkloadConfig, workloadsOf } from "../../config/rollout.ts";
import type { StackConfig } from "../../config/schema.ts";
import { parseStackConfig, stackSchema } from "../../lifecycle/stack-config.ts";
import { containerArgs } from "../../platforms/docker/container-args.ts";
import { scratchFolder } from "../support/scratch.ts";
import { rawConfig } from "./config-fixture.ts";

const { services } = parse(composeExample) as { services: Record<string, Record<string, unknown>> };

let config: StackConfig;
beforeEach(() => {
  const envFile = join(scratchFolder(), "gateway.env");
  writeFileSync(envFile, "FROM_THE_FILE=a\n");
  const lines = parse(stackExample.replace("envFile: gateway.env", `envFile: ${envFile}`)) as Record<
    string,
    unknown
  >;
  config = parseStackConfig({
    ...rawConfig({}),
    agentImages: lines["clawforce:agentImages"],
    instanceGroups: lines["clawforce:instanceGroups"],
  });
});

function argsOf(name: string): Record<string, unknown> {
  const workload = workloadsOf(config).find((each) => each.name === name) as WorkloadConfig;
  const spec = {
    ...workload,
    stack: "s",
    container: containerOf(workload),
    restoreEpoch: "",
    trigger: "",
    missingTrigger: "",
  };
  const secrets = { token: "t", named: pulumi.secret<Record<string, string>>({}) };
  return { ...containerArgs(spec, secrets), stopGrace: workload.stopGrace };
}

/** What each key of the Compose file is for the engine, by the provider's words. */
const inputs: Record<string, object> = {
  image: { image: expect.stringContaining("ghcr.io/openclaw/openclaw:2026.4.23@sha256:") },
  container_name: { name: "gateway_1" },
  entrypoint: { entrypoints: ["/usr/bin/tini", "--"] },
  command: { command: ["openclaw", "gateway", "run"] },
  environment: { envs: expect.arrayContaining(["LOG_LEVEL=debug"]) },
  // Each of its variables is one of the secrets: see the names of all variables below.
  env_file: {},
  volumes: {
    volumes: [{ hostPath: "/srv/gateway/config", containerPath: "/home/node/.openclaw" }],
    mounts: expect.arrayContaining([
      expect.objectContaining({ target: "/home/node/.openclaw/workspace", readOnly: false }),
      expect.objectContaining({ target: "/home/node/.config/openclaw", readOnly: false }),
      expect.objectContaining({ target: "/shared", readOnly: true }),
    ]),
  },
  secrets: {
    mounts: expect.arrayContaining([expect.objectContaining({ target: "/run/secrets/model_key" })]),
  },
  tmpfs: { mounts: expect.arrayContaining([{ type: "tmpfs", target: "/tmp" }]) },
  ports: {
    ports: [
      { internal: 18789, external: 18789, ip: "0.0.0.0" },
      { internal: 18790, external: 18790, ip: "127.0.0.1" },
    ],
  },
  networks: {
    networksAdvanced: [
      { name: "gateway-net", aliases: ["gateway"] },
      { name: "ollama-net", aliases: ["gateway"] },
    ],
  },
  extra_hosts: { hosts: [{ host: "host.docker.internal", ip: "host-gateway" }] },
  cap_drop: { capabilities: { adds: [], drops: ["ALL"] } },
  security_opt: { securityOpts: ["no-new-privileges:true"] },
  read_only: { readOnly: true },
  gpus: { gpus: "all" },
  devices: { devices: [{ hostPath: "/dev/net/tun", containerPath: "/dev/net/tun", permissions: "rwm" }] },
  ulimits: { ulimits: [{ name: "nofile", soft: 65536, hard: 65536 }] },
  cpus: { cpus: "2" },
  mem_limit: { memory: 2048 },
  pids_limit: { cgroupParent: "gateways.slice" },
  shm_size: { shmSize: 1024 },
  user: { user: "1000:1000" },
  init: { init: true },
  labels: { labels: expect.arrayContaining([{ label: "traefik.enable", value: "true" }]) },
  logging: { logDriver: "json-file", logOpts: { "max-size": "10m", "max-file": "3" } },
  restart: { restart: "on-failure" },
  healthcheck: {
    healthcheck: expect.objectContaining({
      tests: ["CMD", "sh", "-c", "curl -fsS http://127.0.0.1:18789/healthz || exit 1"],
    }),
  },
  stop_grace_period: { stopTimeout: 40, destroyGraceSeconds: 40 },
};

describe("the Compose file beside the stack file", () => {
  test.each(Object.keys(services.gateway ?? {}))(
    "has `%s`, and so has the container of the stack file",
    (key) => {
      const wanted = inputs[key];
      if (wanted === undefined) throw new Error(`nobody has said what ${key} is for the engine`);
      expect(argsOf("gateway-1")).toMatchObject(wanted);
    },
  );

  test("has its network mode too", () => {
    expect(services["behind-a-vpn"]).toHaveProperty("network_mode", "service:tailscale");
    expect(argsOf("behind-a-vpn")).toMatchObject({ networkMode: "container:openclaw-tailscale-1" });
    expect(config.instanceGroups.desk?.container.secrets).toHaveProperty("FROM_THE_FILE");
  });
});

describe("the page says of each key of a container what its change does", () => {
  const rows = keyRows(inputSchema(stackSchema)).filter(({ key }) =>
    key.startsWith("instanceGroups.<name>.container."),
  );
  const direct = rows.filter(({ key }) => key.split(".").length === 4);

  test("and knows all of them", () => {
    expect(direct.length).toBeGreaterThan(30);
    for (const { key } of rows) {
      const said = replaces("instanceGroups", key.replace("instanceGroups.", ""));
      expect([key, said]).toEqual([key, key.endsWith(".container.memory") ? "in place" : "new container"]);
    }
  });

  test.each(direct.map(({ key, example, hasKeys }) => ({ key: key.split(".")[3] ?? "", example, hasKeys })))(
    "$key",
    ({ key, example, hasKeys }) => {
      const value: unknown = hasKeys ? insideOf(key) : parse(example.replaceAll("`", ""));
      const [canary] = workloadsOf(parseStackConfig(rawConfig({}))).filter(
        ({ track }) => track === "runtime",
      );
      const made = (change: object) => {
        const { container, ...others } = canary as WorkloadConfig;
        const { settings, later } = settingsOf({ ...others, container: { ...container, ...change } });
        return JSON.stringify([settings, later]);
      };
      const isNew = made({ [key]: value }) !== made({});
      expect(isNew).toBe(replaces("instanceGroups", `<name>.container.${key}`) === "new container");
    },
  );

  /** A mapping with the first of its keys that has an example, or a list of one with all that are required. */
  function insideOf(key: string): unknown {
    const below = rows.filter((row) => row.key.startsWith(`instanceGroups.<name>.container.${key}`));
    const entries = below.flatMap((row) => {
      const name = /(?:\[\]|<name>)?\.([a-zA-Z]+)$/.exec(
        row.key.slice("instanceGroups.<name>.container.".length),
      )?.[1];
      return name === undefined || row.example === "" ? [] : [[name, parse(row.example.replaceAll("`", ""))]];
    });
    const isList = below.some((row) => row.key.includes(`${key}[]`));
    if (!isList) return Object.fromEntries(entries.slice(0, 1));
    return [Object.fromEntries(entries)];
  }
});
