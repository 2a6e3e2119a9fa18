import type { DatabaseMarker, Markers } from "./records.ts";

/**
 * Places in a state that say nothing of a version: what the agent and its users keep there, and what a version makes
 * again by itself. Databases in them decide no way back: a restore for the sake of one of them would take back messages
 * for nothing. In the language of `find -path`, relative to the state: `*` stands for any text, with slashes.
 */
export const placesOfNoVersion: readonly string[] = [
  // The agent's own, and what it was sent.
  "workspace",
  "workspace-*",
  "workspaces",
  "agents/*/workspace",
  "sandboxes",
  "media",
  "browser",
  "kanban/artifacts",
  "*.git",
  // Parts of installed packages.
  "node_modules",
  "*/node_modules",
  // Locks and caches.
  "tmp",
  "cache",
  "*.lock.sqlite",
  "*.lock.db",
];

const ofNoVersion = pathsIn(placesOfNoVersion);

/** Matches the paths of these places and of all that is below them. */
export function pathsIn(places: readonly string[]): RegExp {
  const patterns = places.map((place) => place.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*"));
  return new RegExp(`^(${patterns.join("|")})(/|$)`, "s");
}

/**
 * Whether a file of the state belongs to the version that runs on it: by its path in the state, or by its path in the
 * container where it is mounted elsewhere. There it is of no version below any folder that is called so.
 */
export function isOfVersion(path: string): boolean {
  if (!path.startsWith("/")) return !ofNoVersion.test(path);
  const parts = path.split("/").slice(1);
  return !parts.some((_, index) => ofNoVersion.test(parts.slice(index).join("/")));
}

/**
 * What a version has changed in a state since `before`, one phrase each; empty when an older version finds it as it left
 * it. What can't be compared counts as changed: an old version on a state that it can't read is worse than a restore.
 */
export function movedState(before: Markers, now: Markers): string[] {
  return [
    ...Object.entries(before.databases)
      .filter(([path]) => isOfVersion(path) && isCovered(path, now))
      .flatMap(([path, marker]) => changeOf(path, marker, now.databases[path]) ?? []),
    ...Object.entries(now.databases)
      .filter(
        ([path]) => before.databases[path] === undefined && isOfVersion(path) && isCovered(path, before),
      )
      .flatMap(([path, marker]) => (hasSibling(path, marker, before) ? [] : [`${path} is new`])),
    ...Object.entries(now.archives ?? {}).flatMap(([path, seen]) => {
      const known = before.archives?.[path];
      return known === seen || !isCovered(path, before)
        ? []
        : [`${path} ${known === undefined ? "is new" : "has changed"}`];
    }),
    ...(before.configVersion === now.configVersion
      ? []
      : [`config stamp ${before.configVersion ?? "none"} -> ${now.configVersion ?? "none"}`]),
  ];
}

/** Whether a place was looked at: what was no state then is in no snapshot of then, so no restore brings it back. */
function isCovered(path: string, { places = [] }: Markers): boolean {
  return !path.startsWith("/") || places.some((place) => path.startsWith(`${place}/`));
}

type Marker = Markers["databases"][string];

/** The first difference that tells: a move of user_version explains the other tables that come with it. */
function changeOf(path: string, before: Marker, now: Marker | undefined): string | undefined {
  if (now === undefined) return `${path} is gone`;
  for (const [marker, when] of [
    [before, "could not be read for the snapshot"],
    [now, "can't be read now"],
  ] as const) {
    if (typeof marker === "object" && "unreadable" in marker) return `${path} ${when} (${marker.unreadable})`;
  }
  const [then, today] = [versionOf(before), versionOf(now)];
  if (then !== today) return `${path} ${then} -> ${today}`;
  if (!isWhole(before) || !isWhole(now)) {
    return `${path}: only its user_version is on record, so its schema can't be compared`;
  }
  const tables = new Set([...Object.keys(before.migrations ?? {}), ...Object.keys(now.migrations ?? {})]);
  for (const table of [...tables].sort()) {
    const [left, right] = [before.migrations?.[table], now.migrations?.[table]];
    if (left?.version !== right?.version) {
      return `${path} ${table} ${left?.version ?? "none"} -> ${right?.version ?? "none"}`;
    }
    if (left?.rows !== right?.rows) return `${path} ${table} has other rows`;
  }
  return before.schema === now.schema ? undefined : `${path} has other tables, columns or indexes`;
}

/**
 * Whether the old version made such a database itself: the same schema, in one place of several of a kind, as each agent
 * has its own (`agents/ID/agent/openclaw-agent.sqlite`, `memory/ID.sqlite`). An agent that was added is no migration.
 */
function hasSibling(path: string, marker: Marker, before: Markers): boolean {
  if (!isWhole(marker) || marker.schema === "") return false;
  return Object.entries(before.databases).some(
    ([other, known]) =>
      areSiblings(path, other) && isWhole(known) && changeOf(path, known, marker) === undefined,
  );
}

/** In one place of the state, and different in one part of the path. */
function areSiblings(one: string, other: string): boolean {
  const [left, right] = [one.split("/"), other.split("/")];
  return (
    left.length === right.length &&
    left[0] === right[0] &&
    left.filter((part, index) => part !== right[index]).length === 1
  );
}

function versionOf(marker: Marker): number | undefined {
  if (typeof marker === "number") return marker;
  return "unreadable" in marker ? undefined : marker.userVersion;
}

function isWhole(marker: Marker): marker is DatabaseMarker {
  return typeof marker === "object" && !("unreadable" in marker);
}
