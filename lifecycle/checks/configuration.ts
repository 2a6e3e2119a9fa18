import { scryptSync } from "node:crypto";
import { fieldAt } from "../../config/json.ts";
import { variableIn } from "../../config/variable.ts";
import { keyedHash, newSalt } from "../evidence/keyed-hash.ts";
import type { ConfigurationPrint } from "../evidence/records.ts";
import { unitOf } from "../update/unit-of.ts";
import type { WorkloadContext } from "../workload.ts";
import { oneLine } from "./cli-output.ts";
import { parsedJson5 } from "./json5.ts";
import { type Attempt, failed, passed } from "./judge.ts";

/** A gateway's openclaw.json as it was read: undefined where there is none. */
export type Configuration = { file: string; content: object | undefined };

/** Exit code of the look for a file that is not there. */
const absent = 44;
const script = 'if [ -e "$1" ]; then cat -- "$1"; else exit 44; fi';

/** Reads it in the container, as the gateway's own user. What can't be read is an error, never an empty configuration. */
export async function readConfiguration(context: WorkloadContext, deadline: number): Promise<Configuration> {
  const { platform, workload } = context;
  const { environment } = await unitOf(context);
  const file = configurationFile(environment, workload.mount);
  const argv = ["sh", "-c", script, "sh", file];
  const { exitCode, stdout, stderr } = await platform.exec(workload.container, argv, {
    deadline,
    name: `reading ${file}`,
  });
  if (exitCode === absent) return { file, content: undefined };
  if (exitCode !== 0) throw new Error(`${file} can't be read: ${oneLine(stderr)}`);
  const content = parsedJson5(stdout);
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new Error(`${file} is no JSON: \`openclaw config validate\` in the container names the place`);
  }
  return { file, content };
}

/** By the variables that OpenClaw goes by, else in the state. */
export function configurationFile(environment: readonly string[], mount: string): string {
  const variable = (name: string) => variableIn(environment, name) || undefined;
  return variable("OPENCLAW_CONFIG_PATH") ?? `${variable("OPENCLAW_STATE_DIR") ?? mount}/openclaw.json`;
}

/** `agents.defaults.model`, as a name or as a mapping with `primary`. */
export function modelOf(model: unknown): string | undefined {
  const name = typeof model === "string" ? model : fieldAt(model, "primary");
  return typeof name === "string" && name !== "" ? name : undefined;
}

export interface ConfiguredAgent {
  id: string;
  model: string | undefined;
  isDefault: boolean;
}

/** `agents.list` of versions up to 7.x, `agents.entries` of later ones. */
export function agentsOf(content: unknown): ConfiguredAgent[] {
  const entries = fieldAt(content, "agents.entries");
  const list = fieldAt(content, "agents.list");
  const found: [unknown, unknown][] =
    typeof entries === "object" && entries !== null
      ? Object.entries(entries)
      : Array.isArray(list)
        ? list.map((each) => [fieldAt(each, "id"), each])
        : [];
  return found.flatMap(([id, agent]) =>
    typeof id === "string"
      ? [{ id, model: modelOf(fieldAt(agent, "model")), isDefault: fieldAt(agent, "default") === true }]
      : [],
  );
}

/** Whether it names any model for a turn, or a provider of models. */
export function namesModel(content: object): boolean {
  const providers = fieldAt(content, "models.providers");
  return (
    modelOf(fieldAt(content, "agents.defaults.model")) !== undefined ||
    agentsOf(content).some(({ model }) => model !== undefined) ||
    (typeof providers === "object" && providers !== null && Object.keys(providers).length > 0)
  );
}

/** What a config writer stamps, whatever else it changes. */
const ownStamps = /^meta(\.|$)/;

/** Value by key path, in one form for all versions: agents by their id, whether listed or keyed. */
export function keysOf(content: object): Map<string, string> {
  const keys = new Map<string, string>();
  const walk = (value: unknown, path: readonly string[]): void => {
    const name = path.join(".");
    if (ownStamps.test(name)) return;
    if (name === "agents.list" && Array.isArray(value) && value.every(hasId)) {
      for (const { id, ...agent } of value) walk(agent, ["agents", "entries", id]);
      return;
    }
    const inner: [string, unknown][] | undefined = Array.isArray(value)
      ? value.some((each) => typeof each === "object" && each !== null)
        ? value.map((each, index) => [String(index), each])
        : undefined
      : typeof value === "object" && value !== null && Object.keys(value).length > 0
        ? Object.entries(value)
        : undefined;
    if (inner === undefined) keys.set(name, JSON.stringify(value));
    else for (const [key, each] of inner) walk(each, [...path, key.replaceAll(".", "\\.")]);
  };
  for (const [key, value] of Object.entries(content)) walk(value, [key]);
  return keys;
}

function hasId(value: unknown): value is { id: string } {
  return typeof fieldAt(value, "id") === "string";
}

/**
 * What goes on record of a configuration: its key paths, and of each value a hash that nobody can try values against who
 * does not have the stack's secret.
 */
export function printOf(content: object | undefined, secret: string, salt = newSalt()): ConfigurationPrint {
  const key = scryptSync(secret, salt, 32);
  const hash = (...texts: string[]) => keyedHash(key, texts).slice(0, 24);
  return {
    salt,
    secret: hash("secret"),
    ...(content !== undefined && {
      keys: Object.fromEntries([...keysOf(content)].map(([path, value]) => [path, hash(path, value)])),
    }),
  };
}

/** A key that is gone fails: a migration has lost it, or `doctor --fix` has removed it. A changed value is named. */
export function judgeConfiguration(
  before: ConfigurationPrint,
  { file, content }: Configuration,
  secret: string,
): Attempt {
  if (before.keys === undefined) {
    return content === undefined
      ? passed(`no ${file}, as before`)
      : passed(`${file} is new, there was none before`);
  }
  if (content === undefined) return failed(`${file} is gone`);
  const now = printOf(content, secret, before.salt);
  const [old, found] = [before.keys, now.keys ?? {}];
  const values = keysOf(content);
  const sameSecret = before.secret === now.secret;
  const { gone, changed: differing } = compareKeys(
    Object.keys(old),
    values,
    (path) => !sameSecret || found[path] === old[path],
  );
  const present = [...values.keys()];
  const retired = gone.filter((path) => isRetiredMark(path, present));
  const vanished = gone.filter((path) => !retired.includes(path));
  const changed = [...differing, ...retired];
  const said = [
    ...(changed.length > 0 ? [`changed: ${listed(changed)}`] : []),
    ...(sameSecret
      ? []
      : ["values not compared: clawforce:snapshotPassword is another one than before the update"]),
  ];
  if (vanished.length > 0) {
    const lost = [...new Set(vanished.map((path) => topmost(path, present)))];
    return failed([`gone from ${file}: ${listed(lost)}`, ...said].join("; "));
  }
  const same = said.length === 0 ? ["with the same values"] : said;
  return passed(`${Object.keys(old).length} keys as before, ${same.join("; ")}`);
}

/** Versions from 2026.9 on take the mark of the default agent away once they know who that is. The agent must be there. */
function isRetiredMark(path: string, present: readonly string[]): boolean {
  const [, agent] = /^(agents\.entries\.(?:\\.|[^.\\])+)\.default$/.exec(path) ?? [];
  return agent !== undefined && isThere(agent, present);
}

/** It or anything below it. */
function isThere(path: string, present: readonly string[]): boolean {
  return present.some((each) => each === path || each.startsWith(`${path}.`));
}

/** What has become of the keys of before: gone, or with another value, or with another form of it. */
export function compareKeys(
  before: readonly string[],
  now: ReadonlyMap<string, string>,
  /** Asked only of what is there still. */
  isSame: (path: string) => boolean,
): { gone: string[]; changed: string[] } {
  const missing = before.filter((path) => !now.has(path));
  const reshaped = missing.filter((path) => isReshaped(path, now));
  return {
    gone: missing.filter((path) => !reshaped.includes(path)),
    changed: [...before.filter((path) => now.has(path) && !isSame(path)), ...reshaped],
  };
}

/** `model: "a/b"` and `model: {primary: "a/b"}` say the same: what was there has another form now, and is not gone. */
function isReshaped(path: string, now: ReadonlyMap<string, string>): boolean {
  for (const [present, value] of now) {
    if (present.startsWith(`${path}.`)) return true;
    if (path.startsWith(`${present}.`) && !["{}", "[]", "null"].includes(value)) return true;
  }
  return false;
}

/** The largest part that is gone whole: `channels.slack` and not each key below it. */
function topmost(path: string, present: readonly string[]): string {
  const parts = path.split(/(?<!\\)\./);
  for (let length = 1; length < parts.length; length += 1) {
    const prefix = parts.slice(0, length).join(".");
    if (!isThere(prefix, present)) return prefix;
  }
  return path;
}

function listed(paths: readonly string[]): string {
  const shown = paths.slice(0, 10).join(", ");
  return paths.length > 10 ? `${shown} and ${paths.length - 10} more` : shown;
}
