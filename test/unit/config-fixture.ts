import { expect } from "vitest";
import { ConfigError } from "../../config/problem.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";

/** A digest of 64 equal digits: looks real, is not the placeholder. */
export function digest(digit: string): string {
  return `sha256:${digit.repeat(64)}`;
}

export const stable = `clawforceone/agent-chromium:1.4.2-openclaw-2026.4.15@${digest("a")}`;
export const candidate = `clawforceone/agent-chromium:1.4.2-openclaw-2026.4.23@${digest("b")}`;
export const previous = `clawforceone/agent-chromium:1.4.1@${digest("c")}`;
export const snapshotTools = `registry.example.com:5000/snapshot-tools:1.0.0@${digest("d")}`;

/** Dotted path -> value; undefined takes the key out. */
export type Changes = Readonly<Record<string, unknown>>;

/**
 * A fresh, valid configuration with one group of four, none of its optional keys set; then each change is made.
 */
export function rawConfig(changes: Changes = {}): Record<string, unknown> {
  const raw = {
    environment: "staging",
    window: "runtime",
    agentImages: { chromium: { stable, candidate, previous } },
    instanceGroups: {
      support: {
        agentImage: "chromium",
        instances: ["canary", "support-1", "support-2", "support-3"],
        waves: [1, "25%", "75%", "100%"],
        wave: 0,
      },
    },
    snapshots: { repositories: "/var/lib/clawforce/snapshots", image: snapshotTools },
    evidence: { directory: "evidence" },
  };
  for (const [path, value] of Object.entries(changes)) change(raw, path.split("."), value);
  return raw;
}

function change(target: object, [key, ...rest]: string[], value: unknown): void {
  if (key === undefined) throw new Error("A change needs a path.");
  if (rest.length === 0) {
    if (value === undefined) Reflect.deleteProperty(target, key);
    else Reflect.set(target, key, value);
    return;
  }
  if (Reflect.get(target, key) === undefined) Reflect.set(target, key, {});
  change(Reflect.get(target, key), rest, value);
}

/** A wrong configuration and the lines of its refusal, without indent and namespace. */
export type Wrong = [title: string, changes: Changes, ...lines: string[]];

/** The whole message that refuses the configuration. */
export function refusal(changes: Changes, demandSecrets = false): string {
  try {
    parseStackConfig(rawConfig(changes), { demandSecrets });
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error instanceof Error ? error.message : "";
  }
  throw new Error("The configuration was accepted.");
}

/** A refusal with these lines. */
export function whole(...lines: string[]): string {
  const count = lines.length === 1 ? "1 problem" : `${lines.length} problems`;
  return [
    `The stack configuration has ${count}; nothing was touched.`,
    ...lines.map((line) => `  clawforce:${line}`),
  ].join("\n");
}
