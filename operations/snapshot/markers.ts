import type { Markers } from "../../evidence/records.ts";

export interface DatabaseReport {
  path: string;
  userVersion: number | undefined;
  verdict: string;
}

export interface ScriptReport {
  databases: DatabaseReport[];
  configVersion: string | undefined;
  /** The other tab-separated lines: `state-free<TAB>123`. */
  numbers: Record<string, number>;
}

/** Reads the tab-separated lines that the snapshot scripts print; other lines are left to their own readers. */
export function parseScriptReport(stdout: string): ScriptReport {
  const report: ScriptReport = { databases: [], configVersion: undefined, numbers: {} };
  for (const line of stdout.split("\n")) {
    const [key, first = "", second = "", third = ""] = line.split("\t");
    if (key === "database") {
      const userVersion = /^\d+$/.test(second) ? Number(second) : undefined;
      report.databases.push({ path: fromBase64(first).replace(/^\.\//, ""), userVersion, verdict: third });
    } else if (key === "config") {
      report.configVersion = fromBase64(first) || undefined;
    } else if (key !== undefined && line.includes("\t") && /^\d+$/.test(first)) {
      report.numbers[key] = Number(first);
    }
  }
  return report;
}

export function markersOf(report: ScriptReport): Markers {
  const databases: Record<string, number> = {};
  for (const database of report.databases) {
    if (database.userVersion !== undefined) {
      databases[database.path] = database.userVersion;
    }
  }
  return report.configVersion === undefined
    ? { databases }
    : { databases, configVersion: report.configVersion };
}

/** The databases that SQLite finds damaged, as sentences. */
export function damagedDatabases(report: ScriptReport): string[] {
  return report.databases
    .filter((database) => database.verdict !== "ok" || database.userVersion === undefined)
    .map((database) => `${database.path}: ${database.verdict}`);
}

function fromBase64(text: string): string {
  return Buffer.from(text, "base64").toString("utf8");
}
