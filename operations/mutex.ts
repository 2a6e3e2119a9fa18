import { createHash, randomUUID } from "node:crypto";
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { OperationFailure } from "../platforms/failure.ts";

export interface Holder {
  pid: number;
  host: string;
  /** Start of the process in clock ticks since boot: tells a process from a later one with the same number. */
  started: string;
  purpose: string;
  /** Another one for each time that the mutex is taken. */
  id?: string;
}

export interface Held {
  /** True when it was taken over from a process that is dead. */
  stale: boolean;
  release(): Promise<void>;
  /** Gives it up like a process that died: the next holder is told that what it guards may be in disorder. */
  abandon(): Promise<void>;
}

/** No process was started at such a time. */
const givenUp = "given up";

/** Start of a process that is there and does not show it: all that can be told is whether it is there. */
const untold = "alive";

/**
 * A lock between processes of this machine. A holder that is dead is replaced; one that lives is waited for, `wait`
 * seconds at most.
 */
export async function acquireMutex(file: string, purpose: string, wait: number): Promise<Held> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const started = (await processStart(process.pid)) ?? untold;
  const mine: Holder = { pid: process.pid, host: hostname(), started, purpose, id: randomUUID() };
  const own = `${file}.${mine.id}`;
  const until = Date.now() + wait * 1000;
  try {
    for (;;) {
      // Whole or not at all: a kill between the creation and the writing would leave a lock that nobody can judge.
      await writeFile(own, JSON.stringify(mine), { mode: 0o600 });
      if (await linked(own, file)) return held(file, mine, false);
      const text = await textOf(file);
      if (text === undefined) continue;
      if ((await isDead(text)) && (await takeOver(file, text, own))) {
        await sweep(file);
        return held(file, mine, true);
      }
      if (Date.now() > until) throw new OperationFailure(heldBy(file, await holderOf(file)));
      await sleep(200);
    }
  } finally {
    await rm(own, { force: true });
  }
}

function held(file: string, mine: Holder, stale: boolean): Held {
  return {
    stale,
    release: () => rm(file, { force: true }),
    abandon: async () => {
      const own = `${file}.${mine.id}`;
      await writeFile(own, JSON.stringify({ ...mine, started: givenUp }), { mode: 0o600 });
      await rename(own, file);
    },
  };
}

function heldBy(file: string, holder: Holder | undefined): string {
  const who = holder ? `process ${holder.pid} on ${holder.host} (${holder.purpose})` : "another process";
  return `${file} is held by ${who}. Wait for it to end, or run \`fleet recover\`.`;
}

/**
 * Takes the place of a dead holder, whose file is still what was read. Of all who try only the one who gets the claim
 * on this very holder does it, by a rename: at no moment is the file gone, so that nobody can create it meanwhile. A
 * claimant that died before its rename is followed in the same way. No holder comes twice, so a claim that came
 * too late finds another one's file and is given back.
 */
async function takeOver(file: string, text: string, own: string): Promise<boolean> {
  let claim = claimOn(file, text);
  while (!(await linked(own, claim))) {
    const claimant = await textOf(claim);
    if (claimant === undefined || !(await isDead(claimant))) return false;
    claim = claimOn(file, claimant);
  }
  if ((await textOf(file)) !== text) {
    await rm(claim, { force: true });
    return false;
  }
  await rename(own, file);
  return true;
}

function claimOn(file: string, text: string): string {
  return `${file}.${createHash("sha256").update(text).digest("hex").slice(0, 32)}`;
}

/** Claims on holders before this one and what killed processes have begun: whoever still needs his own begins anew. */
async function sweep(file: string): Promise<void> {
  const names = await readdir(dirname(file));
  const begun = names.filter((name) => name.startsWith(`${basename(file)}.`));
  await Promise.all(begun.map((name) => rm(join(dirname(file), name), { force: true })));
}

/** False when there is such a file already, or when the own one was swept away. */
async function linked(own: string, file: string): Promise<boolean> {
  try {
    await link(own, file);
    return true;
  } catch (error) {
    if (["EEXIST", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) {
      return false;
    }
    throw error;
  }
}

/** Undefined when it was just removed: the caller asks again. */
async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
}

function holderIn(text: string | undefined): Holder | undefined {
  try {
    return JSON.parse(text ?? "") as Holder;
  } catch {
    return undefined;
  }
}

/** Who holds a mutex, if anyone. `alive` is undefined for a holder on another machine: it can't be seen from here. */
export async function holderOf(file: string): Promise<(Holder & { alive: boolean | undefined }) | undefined> {
  const holder = holderIn(await textOf(file));
  if (holder === undefined) {
    return undefined;
  }
  const here = holder.host === hostname() || holder.started === givenUp;
  return { ...holder, alive: here ? await isAlive(holder) : undefined };
}

/** Removes the mutex of a dead holder, unless somebody has taken it over meanwhile. */
export async function removeDead(file: string): Promise<void> {
  if ((await holderOf(file))?.alive !== false) return;
  try {
    const { release } = await acquireMutex(file, "removal of a dead holder", 0);
    await release();
  } catch (error) {
    if (!(error instanceof OperationFailure)) throw error;
  }
}

async function isDead(text: string): Promise<boolean> {
  const holder = holderIn(text);
  return (
    holder !== undefined &&
    (holder.started === givenUp || (holder.host === hostname() && !(await isAlive(holder))))
  );
}

/** A process that is there and whose start, then or now, is not known counts as the same: nothing is taken from it. */
async function isAlive({ pid, started }: Holder): Promise<boolean> {
  if (started === givenUp) return false;
  const now = await processStart(pid);
  return now !== undefined && (now === started || [now, started].some((each) => ["", untold].includes(each)));
}

/** Undefined when there is no such process. */
export async function processStart(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : (fields[19] ?? untold);
  } catch {
    return exists(pid) ? untold : undefined;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process may not be signalled, and is there.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
