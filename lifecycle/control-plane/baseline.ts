import { rm } from "node:fs/promises";
import { join } from "node:path";
import { parsedJson } from "../../config/json.ts";
import { ApiRefusal, type ControlPlaneApi, NotSetUp } from "../../platforms/control-plane-api.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import { type Attempt, failed } from "../checks/judge.ts";
import type { ControlPlaneBaseline, SecretBaseline } from "../evidence/control-plane-baseline.ts";
import { keyedHash, newSalt } from "../evidence/keyed-hash.ts";
import { ArchiveDamaged, openArchive } from "./archive.ts";
import type { DatabaseLook } from "./database.ts";
import { opens } from "./fernet.ts";
import { judgeArchive, judgeLogin } from "./judge.ts";
import type { UnchangedPart } from "./unchanged.ts";

/** What an update of the control plane must leave as it is. */
export async function readBaseline(
  client: ControlPlaneApi,
  wanted: WantedBaseline = {},
): Promise<ControlPlaneBaseline> {
  const { what = ["instances", "backups"], salt = newSalt(), database } = wanted;
  const { build_date: build } = await client.health();
  const instances = await client.instances();
  const backups = await client.backups();
  const users = what.includes("users") ? await shown("users", () => client.users()) : undefined;
  const settings =
    what.includes("settings") || what.includes("secret")
      ? await shown("settings", () => client.settings())
      : undefined;
  const completed = backups.filter(({ status }) => status === "completed").sort((a, b) => b.id - a.id);
  const [newest] = completed;
  return {
    ...(build !== undefined && { build }),
    instances: instances.map(({ name, status }) => ({ name, status })),
    backups: backups.length,
    ...(newest !== undefined && {
      newestBackup: { id: newest.id, instance: newest.instance_name, paths: pathsOf(newest.paths) },
    }),
    ...(users !== undefined && { users: users.map(({ username: name, role }) => ({ name, role })) }),
    ...(settings !== undefined && { salt }),
    ...(what.includes("settings") && settings !== undefined && { settings: hashesOf(salt, settings) }),
    ...(what.includes("secret") &&
      settings !== undefined &&
      database !== undefined && { secret: secretOf(salt, settings, await database()) }),
  };
}

export interface WantedBaseline {
  /** What a check compares; the rest is not read. */
  what?: readonly UnchangedPart[];
  /** Of the baseline that this one is to be compared with. */
  salt?: string;
  /** What `secret` looks into. */
  database?: () => Promise<DatabaseLook>;
}

/** Not every control plane has each of its lists in its API. */
async function shown<T>(part: "users" | "settings", ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 404) {
      throw new OperationFailure(
        `this control plane has no list of its ${part} (HTTP 404), so they can't be compared. ` +
          `Take ${part === "users" ? "`users`" : "`settings` and `secret`"} out of \`what\` of \`unchanged\` in \`controlPlane.verification\`.`,
      );
    }
    throw error;
  }
}

/** Of what has a value: a version may leave out what is empty, or fill it. */
function hashesOf(salt: string, values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => !empty.has(JSON.stringify(value)))
      .map(([key, value]) => [key, keyedHash(salt, value)]),
  );
}

const empty: ReadonlySet<string> = new Set(['""', "null", "[]", "{}"]);

function secretOf(
  salt: string,
  settings: Readonly<Record<string, unknown>>,
  { keys, tokens }: DatabaseLook,
): SecretBaseline {
  const [key] = keys;
  const decrypt = tokens.filter((token) => key !== undefined && opens(key, token)).length;
  const masked = Object.entries(settings).filter(([, value]) => String(value).startsWith("****"));
  return {
    ...(key !== undefined && { key: keyedHash(salt, key) }),
    keys: keys.length,
    decrypt,
    broken: tokens.length - decrypt,
    masked: hashesOf(salt, Object.fromEntries(masked)),
  };
}

/** A new login, each time: what was logged in before says nothing of an update. */
export async function checkLogin(client: ControlPlaneApi, username: string): Promise<Attempt> {
  try {
    await client.login();
  } catch (error) {
    // It answered: that is no unknown outcome.
    if (error instanceof NotSetUp || (error instanceof ApiRefusal && error.status === 401)) {
      return failed(error.message.replace(/\.$/, ""));
    }
    throw error;
  }
  return judgeLogin(username, await client.me());
}

export interface NewestBackup {
  /** The backup that has to be there. */
  backup: NonNullable<ControlPlaneBaseline["newestBackup"]>;
  /** A folder for the download, 0700; the archive does not stay there. */
  folder: string;
  /** State directory of that instance, where the configuration names it; else it is found in the archive. */
  statePath?: string;
  /** Smallest size in bytes of an archive that can hold a state, default 200: an empty one has about 50. */
  floor?: number;
}

/** Downloads and opens a backup, and looks for the configuration of the instance that it was made of. */
export async function checkNewestBackup(
  client: ControlPlaneApi,
  options: NewestBackup,
): Promise<Attempt & { configuration?: string }> {
  const { backup, folder, statePath, floor = 200 } = options;
  const file = join(folder, `backup-${backup.id}.tar.gz`);
  const what = `backup ${backup.id} of ${backup.instance}`;
  const named = backup.configuration ?? (statePath && `${statePath.replace(/^\/+|\/+$/g, "")}/openclaw.json`);
  try {
    await client.downloadBackup(backup.id, file);
    const archive = await openArchive(file, named === undefined ? [] : [named]);
    const configuration = named ?? archive.configurations[0];
    if (configuration === undefined && holdsHome(backup.paths)) {
      return failed(
        `${what}: whole, but no openclaw.json is among its ${archive.entries} entries: it holds no state`,
      );
    }
    const files = configuration !== undefined && holds(backup.paths, configuration) ? [configuration] : [];
    const present = [...archive.found, ...archive.configurations];
    const verdict = judgeArchive({ ...archive, found: present }, { files, floor });
    const found = verdict.passed && files.length > 0;
    return {
      ...verdict,
      detail: `${what}: ${verdict.detail}${found ? `, ${configuration}` : ""}`,
      ...(found && configuration !== undefined && { configuration }),
    };
  } catch (error) {
    if (error instanceof ArchiveDamaged) {
      return failed(`${what}: ${error.message}`);
    }
    throw error;
  } finally {
    await rm(file, { force: true });
  }
}

/** HOME holds the state in every image that we know. */
function holdsHome(paths: readonly string[]): boolean {
  return paths.includes("HOME") || paths.includes("/");
}

function holds(paths: readonly string[], file: string): boolean {
  return holdsHome(paths) || paths.some((path) => `/${file}`.startsWith(`${path.replace(/\/+$/, "")}/`));
}

function pathsOf(text: string): string[] {
  const paths = parsedJson(text);
  return Array.isArray(paths) ? paths.map(String) : [];
}
