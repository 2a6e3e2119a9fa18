import { createHash } from "node:crypto";
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join, relative, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { SetUpError } from "./set-up-error.ts";

/** Everything that set-up makes lies in one folder, which `npm run clean` removes. */
export interface Cache {
  readonly folder: string;
  /** Finished parts, each under a key of what it was made of. */
  readonly entries: string;
  /** State of the processes that set-up has started. */
  readonly run: string;
  readonly logs: string;
}

/** A part in the cache, whole and undamaged. */
export interface Entry {
  readonly folder: string;
  /** How it came there, in words for the person at the machine. */
  readonly origin: string;
  /** Whether it was there already. */
  readonly found: boolean;
}

interface Manifest {
  readonly origin: string;
  /** SHA-256 by path inside the entry. */
  readonly files: Readonly<Record<string, string>>;
}

const manifestName = "manifest.json";
/** In the folder from the first moment to the last: what clean knows it by. */
export const markerName = ".clawforce-fleet-cache";

export function cacheFolder(environment: NodeJS.ProcessEnv): string {
  const named = environment.CLAWFORCE_FLEET_CACHE;
  if (named) return resolve(named);
  return join(environment.XDG_CACHE_HOME || join(homedir(), ".cache"), "clawforce-fleet");
}

export function cacheAt(folder: string): Cache {
  return {
    folder,
    entries: join(folder, "entries"),
    run: join(folder, "run"),
    logs: join(folder, "logs"),
  };
}

/** Makes the folder and marks it as ours, so that clean never removes a folder that somebody named by mistake. */
export function openCache(folder: string): Cache {
  if (!isOurs(folder) && existsSync(folder) && readdirSync(folder).length > 0) {
    throw new SetUpError(
      `The cache folder ${folder} holds other files: set CLAWFORCE_FLEET_CACHE to a folder of its own.`,
    );
  }
  const cache = cacheAt(folder);
  for (const path of [cache.folder, cache.entries, cache.run, cache.logs]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
  writeFileSync(join(folder, markerName), "Made by clawforce-fleet; npm run clean removes this folder.\n");
  return cache;
}

export function isOurs(folder: string): boolean {
  return existsSync(join(folder, markerName));
}

/** A short digest over what a part is made of; a change of any value gives another one, the order of names does not. */
export function keyOf(parts: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(sorted)).digest("hex").slice(0, 16);
}

/** A digest over names and contents of all files below a folder. */
export function digestOfSources(folder: string): string {
  const hash = createHash("sha256");
  for (const path of filesBelow(folder)) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(folder, path)))
      .update("\0");
  }
  return hash.digest("hex");
}

/**
 * Gives the part of that name and key: from the cache when it is there undamaged, else as `make` makes it. `make` gets
 * an empty folder and returns where the part came from. The folder gets its place only when it is finished, so a
 * killed set-up leaves nothing that looks like a part. Call it under the set-up lock.
 */
export async function entryOf(
  cache: Cache,
  name: string,
  key: string,
  make: (into: string) => Promise<string>,
): Promise<Entry> {
  const folder = join(cache.entries, `${name}-${key}`);
  const known = await undamaged(folder);
  if (known !== undefined) return { folder, origin: known.origin, found: true };

  const unfinished = join(cache.folder, "unfinished");
  rmSync(unfinished, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  const origin = await make(unfinished);
  const manifest: Manifest = { origin, files: await digestsBelow(unfinished) };
  writeFileSync(join(unfinished, manifestName), `${JSON.stringify(manifest, undefined, 2)}\n`);
  renameSync(unfinished, folder);
  return { folder, origin, found: false };
}

/** The manifest of an entry all of whose files are as they were when it was made. */
async function undamaged(folder: string): Promise<Manifest | undefined> {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, manifestName), "utf8")) as Manifest;
    const found = await digestsBelow(folder);
    return keyOf(found) === keyOf(manifest.files) ? manifest : undefined;
  } catch {
    return undefined;
  }
}

async function digestsBelow(folder: string): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const path of filesBelow(folder)) {
    if (path !== manifestName) digests[path] = await sha256Of(join(folder, path));
  }
  return digests;
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => relative(folder, join(item.parentPath, item.name)))
    .sort();
}
