import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { stackFileSchema } from "../../config/json-schema.ts";
import { secretKeys } from "../../config/schema.ts";
import { parseStackConfig, stackSchema } from "../../lifecycle/stack-config.ts";
import { type Changes, digest, rawConfig } from "./config-fixture.ts";

const ajv = new Ajv({ strict: true, strictRequired: false, strictTypes: false, allErrors: true });
const validate = ajv.compile(stackFileSchema(stackSchema));

/** Where an editor marks a stack file, and what it says. */
function marked(stackFile: unknown): string[] {
  return validate(stackFile)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

function stackFile(settings: Record<string, unknown>): { config: Record<string, unknown> } {
  return {
    config: Object.fromEntries(Object.entries(settings).map(([key, value]) => [`clawforce:${key}`, value])),
  };
}

function example(stack: string): { config: Record<string, unknown> } {
  const text = readFileSync(new URL(`../../Pulumi.${stack}.yaml`, import.meta.url), "utf8");
  return parse(text.replaceAll(`@sha256:${"0".repeat(64)}`, `@${digest("e")}`));
}

const controlPlane = { image: `clawforceone/clawforce:1.4.2@${digest("1")}` };

const support = (read: object) => ({ instanceGroups: { support: read } });

/** Each with what the program reads in it. */
const valid: [string, Changes, read: object][] = [
  ["the smallest", {}, { window: "runtime", maintenance: { length: 3600 } }],
  ["a bake as a duration", { "instanceGroups.support.bake": "1h30m" }, support({ bake: { length: 5400 } })],
  [
    "a bake as a mapping",
    { "instanceGroups.support.bake": { length: "30m", requests: 500 } },
    support({ bake: { length: 1800, requests: 500 } }),
  ],
  [
    "an instance with a directory",
    { "instanceGroups.support.instances": ["a", { name: "d", directory: "/srv/d" }] },
    support({ instances: [{ name: "a" }, { name: "d", directory: "/srv/d" }] }),
  ],
  [
    "a control plane with its defaults",
    { controlPlane },
    { controlPlane: { ...controlPlane, name: "clawforce", data: { volume: "clawforce-data" } } },
  ],
  [
    "separate backups",
    { controlPlane: { ...controlPlane, backups: { volume: "backups" } } },
    { controlPlane: { backups: { volume: "backups", path: "/app/backups" } } },
  ],
  [
    "sizes and durations of each form",
    { "snapshots.minimumFree": "1.5 GB", "maintenance.length": "2h" },
    { snapshots: { minimumFree: 1.5e9 }, maintenance: { length: 7200 } },
  ],
  [
    "a check of the user's own",
    { "instanceGroups.support.verification": [{ kind: "pins" }] },
    support({ verification: [{ kind: "pins", severity: "warning" }] }),
  ],
];

/** Each is refused by the program too: an editor must not mark what runs. */
const wrong: [string, Changes, string][] = [
  ["a misspelt key", { windw: "runtime" }, "/config/clawforce:windw"],
  ["a misspelt key within", { "instanceGroups.support.wav": 0 }, "/config/clawforce:instanceGroups/support"],
  ["a wave as text", { "instanceGroups.support.wave": "0" }, "/config/clawforce:instanceGroups/support/wave"],
  ["a duration without unit", { "maintenance.length": "60" }, "/config/clawforce:maintenance/length"],
  ["a duration as number", { "maintenance.length": 60 }, "/config/clawforce:maintenance/length"],
  ["units in the wrong order", { "maintenance.length": "30m1h" }, "/config/clawforce:maintenance/length"],
  ["a size without unit", { "snapshots.minimumFree": "20" }, "/config/clawforce:snapshots/minimumFree"],
  [
    "an image without digest",
    { "agentImages.chromium.stable": "a:1" },
    "/config/clawforce:agentImages/chromium/stable",
  ],
  ["a digest of zeros", { "snapshots.image": `a:1@${digest("0")}` }, "/config/clawforce:snapshots/image"],
  ["a required key left out", { evidence: undefined }, "/config"],
  [
    "an unknown kind of check",
    { "instanceGroups.support.gate": [{ kind: "ping" }] },
    "/config/clawforce:instanceGroups/support/gate/0/kind",
  ],
  [
    "a status code alone",
    { "instanceGroups.support.gate": [{ kind: "http", path: "/", body: {} }] },
    "/config/clawforce:instanceGroups/support/gate/0/body",
  ],
  [
    "two places of one state",
    { controlPlane: { ...controlPlane, data: { volume: "a", directory: "/a" } } },
    "/config/clawforce:controlPlane/data",
  ],
  [
    "two places of an instance",
    { "instanceGroups.support.instances.1": { name: "b", volume: "b", directory: "/b" } },
    "/config/clawforce:instanceGroups/support/instances/1",
  ],
  [
    "a snapshot id as number",
    { controlPlane: { ...controlPlane, restore: 12345678 } },
    "/config/clawforce:controlPlane/restore",
  ],
];

describe("the JSON schema of a stack file", () => {
  test.each(valid)("takes %s, as the program does", (_, changes, read) => {
    expect(parseStackConfig(rawConfig(changes))).toMatchObject(read);
    expect(marked(stackFile(rawConfig(changes)))).toEqual([]);
  });

  test.each(wrong)("marks %s, as the program does", (_, changes, path) => {
    expect(() => parseStackConfig(rawConfig(changes))).toThrow();
    const places = marked(stackFile(rawConfig(changes))).map((line) => line.slice(0, line.indexOf(" ")));
    expect(places).toContain(path);
  });

  test.each(["prod", "staging"])("takes the example %s once its digests are written", (stack) => {
    expect(marked(example(stack))).toEqual([]);
  });

  test.each(["prod", "staging"])("is named in the first line of the example %s", (stack) => {
    const text = readFileSync(new URL(`../../Pulumi.${stack}.yaml`, import.meta.url), "utf8");
    expect(text.split("\n")[0]).toBe("# yaml-language-server: $schema=config/stack.schema.json");
  });

  test("takes secrets as Pulumi writes them, and none in plain text", () => {
    const secure = { secure: "v1:abc=" };
    const secrets = {
      snapshotPassword: secure,
      controlPlanePassword: secure,
      gatewayTokens: { canary: secure },
    };
    expect(marked(stackFile({ ...rawConfig(), ...secrets }))).toEqual([]);
    expect(marked(stackFile({ ...rawConfig(), gatewayTokens: secure }))).toEqual([]);
    expect(marked(stackFile({ ...rawConfig(), snapshotPassword: "hunter2" }))).toEqual([
      "/config/clawforce:snapshotPassword must be object",
    ]);
    expect(marked(stackFile({ ...rawConfig(), gatewayTokens: { canary: "hunter2" } }))).not.toEqual([]);
  });

  test("leaves to Pulumi what is Pulumi's, and marks a key without namespace", () => {
    const file = stackFile(rawConfig());
    const pulumis = {
      ...file,
      encryptionsalt: "v1:abc=",
      config: { ...file.config, "docker:host": "unix:///x" },
    };
    expect(marked(pulumis)).toEqual([]);
    expect(marked({ config: { ...file.config, window: "runtime" } })).toEqual([
      "/config/window boolean schema is false",
    ]);
  });

  test("says of each top-level key what it is", () => {
    const { config } = stackFileSchema(stackSchema).properties as Record<
      "config",
      { properties: Record<string, object> }
    >;
    const { properties } = config;
    const silent = Object.entries(properties).filter(([, schema]) => !("description" in schema));
    expect(silent).toEqual([]);
    const keys = [...Object.keys(stackSchema.shape), ...secretKeys].map((key) => `clawforce:${key}`);
    expect(Object.keys(properties).toSorted()).toEqual(keys.toSorted());
  });
});
