import { posix } from "node:path";
import { fingerprint } from "../../config/fingerprint.ts";
import { pathOfPlace } from "../../config/state-places.ts";
import { isOfVersion } from "../evidence/moved-state.ts";
import type { DatabaseMarker, Markers } from "../evidence/records.ts";

export interface DatabaseReport {
  path: string;
  /** Undefined: it could not be read; `verdict` says why. */
  userVersion: number | undefined;
  schema: string;
  migrations: NonNullable<DatabaseMarker["migrations"]>;
  verdict: string;
}

export interface ScriptReport {
  databases: DatabaseReport[];
  /** Path -> size and time, of what a version has put aside when it moved the state. */
  archives: Record<string, string>;
  configVersion: string | undefined;
  /** Locks of a gateway in its state, by their paths. */
  locks: string[];
  /** Of each further place of the state its bytes, by its path in the container. */
  places: Record<string, number>;
  /** Of a restore: places of the state that the snapshot has nothing of, and those of the snapshot that are none now. */
  left: string[];
  unnamed: string[];
  /** The other tab-separated lines: `state-free<TAB>123`. */
  numbers: Record<string, number>;
}

/** Reads the tab-separated lines that the snapshot scripts print; other lines are left to their own readers. */
export function parseScriptReport(stdout: string): ScriptReport {
  const report: ScriptReport = {
    databases: [],
    archives: {},
    configVersion: undefined,
    locks: [],
    ...{ places: {}, left: [], unnamed: [] },
    numbers: {},
  };
  for (const line of stdout.split("\n")) {
    const [key, first = "", second = "", third = "", fourth = ""] = line.split("\t");
    if (key === "database") {
      const userVersion = /^\d+$/.test(second) ? Number(second) : undefined;
      report.databases.push({
        path: pathOf(first),
        userVersion,
        schema: third,
        migrations: {},
        verdict: fourth,
      });
    } else if (key === "migration") {
      const database = report.databases.findLast(({ path }) => path === pathOf(first));
      if (database !== undefined) {
        database.migrations[fromBase64(second)] = { version: fromBase64(third), rows: fourth };
      }
    } else if (key === "archive") {
      report.archives[pathOf(first)] = second;
    } else if (key === "config") {
      report.configVersion = fromBase64(first) || undefined;
    } else if (key === "lock") {
      report.locks.push(fromBase64(first));
    } else if (key === "place") {
      report.places[pathOfPlace(first)] = Number(second);
    } else if (key === "left" || key === "unnamed") {
      report[key].push(pathOfPlace(first));
    } else if (key !== undefined && line.includes("\t") && /^\d+$/.test(first)) {
      report.numbers[key] = Number(first);
    }
  }
  return report;
}

/** What goes on record of a state: all that tells what a version has made of it. */
export function markersOf({ databases, archives, configVersion, places }: ScriptReport): Markers {
  const read = Object.keys(places).filter(isOfVersion);
  const markers = databases
    .filter(({ path }) => isOfVersion(path))
    .map((report): [string, Markers["databases"][string]] => [report.path, markerOf(report)]);
  return {
    databases: Object.fromEntries(markers),
    archives: byFolder(archives),
    ...(configVersion !== undefined && { configVersion }),
    ...(read.length > 0 && { places: read }),
  };
}

function markerOf({
  userVersion,
  schema,
  migrations,
  verdict,
}: DatabaseReport): Markers["databases"][string] {
  if (userVersion === undefined) {
    return { unreadable: verdict };
  }
  return { userVersion, schema, ...(Object.keys(migrations).length > 0 && { migrations }) };
}

/** One entry for each folder, because a version may put aside thousands of files in one. */
function byFolder(archives: Record<string, string>): Record<string, string> {
  const folders = Map.groupBy(
    Object.entries(archives).filter(([path]) => isOfVersion(path)),
    ([path]) => `${posix.dirname(path)}/*${posix.extname(path)}`,
  );
  return Object.fromEntries(
    [...folders].map(([folder, files]) =>
      files.length === 1 && files[0] !== undefined
        ? files[0]
        : [posix.normalize(folder), `${files.length} files, ${fingerprint(files.toSorted())}`],
    ),
  );
}

/** The databases that SQLite finds damaged. */
export function damagedDatabases(report: ScriptReport): DatabaseReport[] {
  return report.databases.filter(
    (database) => database.verdict !== "ok" || database.userVersion === undefined,
  );
}

function pathOf(text: string): string {
  return pathInState(fromBase64(text));
}

/** As people know it: in the state by its path below that, in a further place by its path in the container. */
export function pathInState(path: string): string {
  const [, name, rest = ""] = /^\/places\/([^/]*)(\/.*)?$/s.exec(path) ?? [];
  return name === undefined ? path.replace(/^\.\//, "") : `${pathOfPlace(name)}${rest}`;
}

function fromBase64(text: string): string {
  return Buffer.from(text, "base64").toString("utf8");
}
