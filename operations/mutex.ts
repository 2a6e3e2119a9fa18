import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { OperationFailure } from "./failure.ts";

export interface Holder {
  pid: number;
  host: string;
  /** Start of the process in clock ticks since boot: tells a process from a later one with the same number. */
  started: string;
  purpose: string;
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

/**
 * A lock between processes of this machine. A holder that is dead is replaced; one that lives is waited for, `wait`
 * seconds at most.
 */
export async function acquireMutex(file: string, purpose: string, wait: number): Promise<Held> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const mine: Holder = {
    pid: process.pid,
    host: hostname(),
    started: await processStart(process.pid),
    purpose,
  };
  const until = Date.now() + wait * 1000;
  let stale = false;
  for (;;) {
    if (await create(file, mine)) {
      return {
        stale,
        release: () => rm(file, { force: true }),
        abandon: () => writeFile(file, JSON.stringify({ ...mine, started: givenUp })),
      };
    }
    const holder = await readHolder(file);
    if (holder !== undefined && (await isDead(holder))) {
      stale = true;
      await rm(file, { force: true });
      continue;
    }
    if (Date.now() > until) {
      const who = holder ? `process ${holder.pid} on ${holder.host} (${holder.purpose})` : "another process";
      throw new OperationFailure(`${file} is held by ${who}. Wait for it to end, or run \`fleet recover\`.`);
    }
    await sleep(200);
  }
}

/** Whole or not at all: a kill between the creation and the writing would leave a lock that nobody can judge. */
async function create(file: string, holder: Holder): Promise<boolean> {
  const own = `${file}.${holder.pid}`;
  await writeFile(own, JSON.stringify(holder), { mode: 0o600 });
  try {
    await link(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") {
      return false;
    }
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Holder;
  } catch {
    // Being written or just removed: the caller asks again.
    return undefined;
  }
}

/** Who holds a mutex, if anyone. `alive` is undefined for a holder on another machine: it can't be seen from here. */
export async function holderOf(file: string): Promise<(Holder & { alive: boolean | undefined }) | undefined> {
  const holder = await readHolder(file);
  if (holder === undefined) {
    return undefined;
  }
  const here = holder.host === hostname() || holder.started === givenUp;
  return { ...holder, alive: here ? await isAlive(holder) : undefined };
}

async function isDead(holder: Holder): Promise<boolean> {
  return holder.started === givenUp || (holder.host === hostname() && !(await isAlive(holder)));
}

export async function isAlive(holder: { pid: number; started: string }): Promise<boolean> {
  return (await processStart(holder.pid)) === holder.started;
}

/** Empty when there is no such process (or where there is no /proc: then a holder counts as alive only if it answers). */
export async function processStart(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "" : (fields[19] ?? "");
  } catch {
    try {
      process.kill(pid, 0);
      return process.platform === "linux" ? "" : "alive";
    } catch {
      return "";
    }
  }
}
