import { readFile } from "node:fs/promises";
import type { StateLocation } from "../../config/rollout.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import type { Platform } from "../../platforms/platform.ts";
import { fernetPattern } from "./fernet.ts";

/** What a copy of the control plane's database showed. Holds secrets: it is never written down, only what it proves. */
export interface DatabaseLook {
  /** `missing`: no such file. `other`: a file that is no SQLite database. `damaged`: one that SQLite finds damaged. */
  found: "database" | "missing" | "other" | "damaged";
  /** Undefined where there is no table of users. */
  users: number | undefined;
  /** The different keys that its settings name; more than one table of settings may be there. */
  keys: string[];
  /** Encrypted values. */
  tokens: string[];
}

export interface DatabasePlace {
  /** Whose it is, for labels and messages. */
  workload: string;
  data: StateLocation;
  /** Below the data: `clawforce.db`. */
  file: string;
  /** Image with sqlite3. */
  image: string;
}

/** Seconds. A copy is made first: a busy database is waited for. */
const deadline = 120;

/** Looks into the database beside the control plane, which may run meanwhile. Nothing is written to its data. */
export async function lookIntoDatabase(
  platform: Pick<Platform, "job">,
  place: DatabasePlace,
): Promise<DatabaseLook> {
  const script = await readFile(new URL("./scripts/look-into-database.sh", import.meta.url), "utf8");
  const result = await platform.job({
    workload: `${place.workload}/database`,
    purpose: "look into the database",
    image: place.image,
    argv: ["bash", "-c", script, "look-into-database", place.file, fernetPattern],
    places: [{ from: place.data, at: "/data", readOnly: true }],
    unlogged: true,
    deadline,
  });
  if (result.exitCode !== 0) {
    const said = result.stderr.trim().split("\n").slice(-3).join("; ");
    throw new OperationFailure(
      `${place.file} of ${place.workload} can't be read (exit code ${result.exitCode}): ${said}`,
    );
  }
  return parseLook(result.stdout);
}

export function parseLook(stdout: string): DatabaseLook {
  const look: DatabaseLook = { found: "missing", users: undefined, keys: [], tokens: [] };
  for (const line of stdout.split("\n")) {
    const [what, value = ""] = line.split("\t");
    if (what === "found") look.found = foundOf(value);
    if (what === "users") look.users = Number(value);
    if (what === "key") look.keys.push(fromHex(value));
    if (what === "token") look.tokens.push(fromHex(value));
  }
  return { ...look, keys: [...new Set(look.keys)] };
}

/** What is wrong with it as the database of a control plane; undefined for one that has users. */
export function databaseProblem({ found, users }: DatabaseLook, file: string): string | undefined {
  switch (found) {
    case "missing":
      return (
        `there is no ${file}. Correct \`controlPlane.database\` or \`controlPlane.data\`. ` +
        "A control plane whose database is elsewhere (PostgreSQL, MySQL) can't be updated by this program: its snapshots would be without it"
      );
    case "other":
      return `${file} is no SQLite database. Correct \`controlPlane.database\``;
    case "damaged":
      return `SQLite finds damage in ${file}. Repair it, or set it back: see docs/rollback.md`;
    case "database":
      if (users === undefined) return `${file} has no table of users. Correct \`controlPlane.database\``;
      return users === 0 ? `${file} has no user: nobody has set this control plane up` : undefined;
  }
}

function foundOf(text: string): DatabaseLook["found"] {
  return text === "database" || text === "other" || text === "damaged" ? text : "missing";
}

function fromHex(text: string): string {
  return Buffer.from(text, "hex").toString("utf8");
}
