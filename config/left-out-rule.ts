import { posix } from "node:path";
import { valid } from "./collisions.ts";
import { mounts } from "./container-options-schema.ts";
import { gatewayContainer } from "./container-schema.ts";
import { fieldOf, isMapping } from "./json.ts";
import { namesFromRoot, overlap, patternFault } from "./left-out.ts";
import type { Problem } from "./problem.ts";
import { snapshots } from "./snapshots-schema.ts";
import { furtherPlaces } from "./state-places.ts";

const agentFiles = ["AGENTS", "SOUL", "USER", "IDENTITY", "TOOLS", "MEMORY", "HEARTBEAT"].map(
  (name) => `${name}.md`,
);

/** What an update can't do without: by its path below the folder where OpenClaw keeps its state, and what it is. */
const kept: readonly (readonly [path: string, what: string])[] = [
  ["openclaw.json", "the configuration"],
  [".env", "the gateway's secrets"],
  ["agents", "agents with their sessions and databases"],
  ["sessions", "sessions"],
  ["credentials", "credentials of channels and models"],
  ["identity", "the gateway's identity"],
  ["devices", "paired devices"],
  ["nodes", "paired nodes"],
  ["pairing", "who may write to the gateway"],
  ["exec-approvals.json", "what the agents may run"],
  ["cron", "jobs"],
  ["tasks", "tasks"],
  ["state", "the gateway's own databases"],
  ["memory", "the agents' memory"],
  ["extensions", "installed plugins"],
  ["plugins", "installed plugins"],
  ["hooks", "hooks"],
  ...["workspace", "workspace-*"].flatMap((workspace): [string, string][] => [
    [`${workspace}/.openclaw`, "the set-up of a workspace"],
    [`${workspace}/memory`, "the agents' memory"],
    [`${workspace}/skills`, "the agents' skills"],
    ...agentFiles.map((file): [string, string] => [`${workspace}/${file}`, "what an agent goes by"]),
  ]),
];

/** How names end that stand for databases, with their side files, and for what a version puts aside when it moves them. */
const endings = [
  ...["sqlite", "sqlite3", "db", "db3"].flatMap((ending) =>
    ["", "-wal", "-shm", "-journal"].map((side) => `.${ending}${side}`),
  ),
  ".migrated",
];
const putAside = "*.pre-startup-migration-*.bak";

/** Of one group of gateways what decides which paths are whose. */
export interface StateView {
  /** Where the state is mounted. */
  stateDirectory: string;
  /** Variables of the container: they may say where OpenClaw keeps its state and its configuration. */
  environment: Readonly<Record<string, string>>;
  /** Paths in the container of what else is state. */
  furtherPlaces: readonly string[];
}

/** What a pattern would leave out and must not, for people; undefined: nothing. */
export function keptBy(pattern: string, view: StateView): string | undefined {
  const { stateDirectory, environment } = view;
  const names = namesFromRoot(pattern, stateDirectory);
  const meets = (path: string) => {
    const other = namesFromRoot(path, stateDirectory);
    return other.every((name, index) => index >= names.length || overlap(names[index] ?? "", name));
  };
  const isAbove = (path: string) => names.length <= namesFromRoot(path, stateDirectory).length && meets(path);
  const place = [stateDirectory, ...view.furtherPlaces].find(isAbove);
  if (place !== undefined) return `all of ${place}`;
  const folders = new Set([stateDirectory, environment.OPENCLAW_STATE_DIR || stateDirectory]);
  const configuration = environment.OPENCLAW_CONFIG_PATH;
  if (configuration && meets(configuration)) return `${configuration}, the configuration`;
  for (const folder of folders) {
    const found = kept.find(([path]) => meets(`${folder.replace(/\/+$/, "")}/${path}`));
    if (found !== undefined) return `${found[0]}, ${found[1]}`;
  }
  const last = names.at(-1) ?? "";
  const ending = last.lastIndexOf(".") === -1 ? "" : last.slice(last.lastIndexOf("."));
  const named = endings.find((each) => overlap(ending, each));
  if (named !== undefined) return `names that end in ${named}, as databases and what comes of them`;
  return last.includes(".") && overlap(last, putAside)
    ? `${putAside}, which tells of a migration`
    : undefined;
}

/** Judged for every group: the patterns are those of all gateways. */
export function leftOutProblems(raw: unknown): Problem[] {
  const written = fieldOf(fieldOf(raw, "snapshots"), "exclude");
  const patterns = valid(snapshots.shape.exclude, written) ?? [];
  const groups = fieldOf(raw, "instanceGroups");
  const views = Object.entries(isMapping(groups) ? groups : {}).flatMap(([, group]) => viewsOf(group));
  return patterns.flatMap((pattern, index) => {
    if (patternFault(pattern) !== undefined) return [];
    const found = views.map((view) => keptBy(pattern, view)).find((each) => each !== undefined);
    if (found === undefined) return [];
    const message = `${JSON.stringify(pattern)} would leave out ${found}, and a gateway can't go back without that. Name what may be lost more exactly.`;
    return [{ path: ["snapshots", "exclude", index], message }];
  });
}

/** Of the group, and of each instance with mounts of its own. */
function viewsOf(group: unknown): StateView[] {
  if (fieldOf(group, "managed") === true) return [];
  const { shape } = gatewayContainer;
  const container = fieldOf(group, "container");
  const stateDirectory = valid(shape.stateDirectory, fieldOf(container, "stateDirectory"));
  if (stateDirectory === undefined) return [];
  const environment = valid(shape.environment, fieldOf(container, "environment")) ?? {};
  const instances = fieldOf(group, "instances");
  const own = (Array.isArray(instances) ? instances : []).map((each) => fieldOf(each, "mounts"));
  const all = [fieldOf(container, "mounts"), ...own].flatMap((each) => valid(mounts, each) ?? []);
  const places = furtherPlaces({ mounts: all }).map(({ at }) => at);
  return [{ stateDirectory: posix.normalize(stateDirectory), environment, furtherPlaces: places }];
}
