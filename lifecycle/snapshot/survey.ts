import { formatBytes } from "../../config/units.ts";
import type { StateFolder, StateOddity, StateSurvey } from "../evidence/state-survey.ts";
import { parseScriptReport, pathInState } from "./markers.ts";

/** How many folders are named. */
const namedFolders = 3;
/** The part of a folder that its own folders must have, so that they are named in its place. */
const most = 0.8;
/** The part of a state from which on its entries, or its bytes, count in that. */
const little = 0.05;

/** What walk.sh prints of a state. */
export function parseSurvey(stdout: string): StateSurvey {
  const { numbers } = parseScriptReport(stdout);
  const entries = numbers["state-entries"] ?? 0;
  const bytes = numbers["state-bytes"] ?? 0;
  const folders = fieldsOf(stdout, "folder").map(([own = "", ofFiles = "", path = ""]) => ({
    path: decoded(path),
    entries: Number(own),
    bytes: Number(ofFiles),
  }));
  return {
    ...{ entries, bytes },
    folders: heaviest(folders, { entries, bytes }),
    odd: parseOddities(stdout),
  };
}

/** What the scripts print of what is odd, each kind by itself and in the order of the kinds. */
export function parseOddities(stdout: string): StateOddity[] {
  const usual = parseScriptReport(stdout).numbers["state-owner"];
  const first = Map.groupBy(fieldsOf(stdout, "odd"), ([kind]) => kind);
  return fieldsOf(stdout, "odd-count")
    .map(([kind = "", count]): StateOddity => {
      const [name, user] = kind.split(":");
      return {
        kind: name as StateOddity["kind"],
        count: Number(count),
        first: (first.get(kind) ?? []).map(([, path = ""]) => decoded(path)).toSorted(),
        ...(user !== undefined && { user: Number(user), usual }),
      };
    })
    .toSorted((one, other) => kinds.indexOf(one.kind) - kinds.indexOf(other.kind));
}

const kinds: readonly StateOddity["kind"][] = ["link", "special", "owner", "changed"];

function fieldsOf(stdout: string, key: string): string[][] {
  return stdout.split("\n").flatMap((line) => {
    const [first, ...fields] = line.split("\t");
    return first === key ? [fields] : [];
  });
}

function decoded(path: string): string {
  const text = Buffer.from(path, "base64").toString("utf8");
  return pathInState(text.replace(/^\/state(\/|$)/, ""));
}

/** By its share of the entries or of the bytes, whichever is larger. */
function weightOf(folder: Omit<StateFolder, "path">, all: Omit<StateFolder, "path">): number {
  return Math.max(folder.entries / (all.entries || 1), folder.bytes / (all.bytes || 1));
}

/**
 * The folders that have most of a state, as far down as one can go: a folder stands for what is in it unless a few below it
 * have nearly all of that.
 *
 * @param folders - with all below each of them; those with little may be missing.
 */
export function heaviest(
  folders: readonly StateFolder[],
  all: Pick<StateFolder, "entries" | "bytes">,
): StateFolder[] {
  const below = Map.groupBy(
    folders.filter(({ path }) => path !== ""),
    ({ path }) => parentOf(path, folders),
  );
  const expand = (folder: StateFolder): StateFolder[] => {
    const inner = below.get(folder.path) ?? [];
    const isIn = (of: "entries" | "bytes") =>
      folder[of] < little * all[of] ||
      inner.reduce((total, each) => total + each[of], 0) >= most * folder[of];
    const isBelow = inner.length > 0 && inner.length <= namedFolders && isIn("entries") && isIn("bytes");
    return isBelow ? inner.flatMap(expand) : [folder];
  };
  return (below.get(undefined) ?? [])
    .flatMap(expand)
    .toSorted((one, other) => weightOf(other, all) - weightOf(one, all) || (one.path < other.path ? -1 : 1))
    .slice(0, namedFolders);
}

/** Of those that are there; undefined: it stands in a root of the state, or is one. */
function parentOf(path: string, folders: readonly StateFolder[]): string | undefined {
  const parent = path.slice(0, path.lastIndexOf("/"));
  return path.includes("/") && folders.some((each) => each.path === parent && parent !== "")
    ? parent
    : undefined;
}

/** For people: what there is and where most of it is, and a line for each kind of thing that is odd. */
export function surveyLines({ entries, bytes, folders, odd }: StateSurvey): string[] {
  const where = folders.length === 0 ? "" : `; most of it: ${folders.map(folderText).join(", ")}`;
  const size = `its state has ${counted(entries, "entry", "entries")}, ${formatBytes(bytes)}${where}`;
  return odd.length === 0 ? [`${size}; nothing odd`] : [size, ...odd.map(oddityText)];
}

export function folderText({ path, entries, bytes }: StateFolder): string {
  return `${printable(path)} (${counted(entries, "entry", "entries")}, ${formatBytes(bytes)})`;
}

/** How many of many names are kept. */
const keptNames = 5;

/** Of lines with a path in base64 after their key: how many, and the first of them. */
export function parseNames(stdout: string, key: string): Pick<StateOddity, "count" | "first"> {
  const all = fieldsOf(stdout, key).map(([path = ""]) => decoded(path));
  return { count: all.length, first: all.toSorted().slice(0, keptNames) };
}

export function namesText({ count, first }: Pick<StateOddity, "count" | "first">): string {
  const names = first.map(printable).join(", ");
  return count > first.length ? `${names} and ${count - first.length} more` : names;
}

function oddityText({ kind, count, first, user, usual }: StateOddity): string {
  const which = namesText({ count, first });
  switch (kind) {
    case "link":
      return `${counted(count, "link leads", "links lead")} out of the state, to what is in no snapshot: ${which}`;
    case "special":
      return `${counted(count, "socket, pipe or device", "sockets, pipes or devices")}, of which a snapshot keeps no content: ${which}`;
    case "owner":
      return `${counted(count, "entry belongs", "entries belong")} to user ${user}, most to user ${usual}. A new version may not be able to read: ${which}`;
    case "changed":
      return `${counted(count, "file", "files")} changed while they were copied, and only the cold snapshot will have them whole: ${which}`;
  }
}

function counted(count: number, one: string, more: string): string {
  return `${count} ${count === 1 ? one : more}`;
}

/** A name as one line without anything that a terminal obeys. */
function printable(name: string): string {
  return name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const [quoted = ""] = /(?<=").*(?=")/s.exec(JSON.stringify(character)) ?? [];
    return quoted === character ? `\\u${character.codePointAt(0)?.toString(16).padStart(4, "0")}` : quoted;
  });
}
