import { mkdir, open, readFile, rm } from "node:fs/promises";
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
}

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
      return { stale, release: () => rm(file, { force: true }) };
    }
    const holder = await readHolder(file);
    if (holder !== undefined && holder.host === mine.host && !(await isAlive(holder))) {
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

async function create(file: string, holder: Holder): Promise<boolean> {
  try {
    const handle = await open(file, "wx", 0o600);
    await handle.writeFile(JSON.stringify(holder));
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") {
      return false;
    }
    throw error;
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

/** The process that holds a mutex, when it runs on this machine and is alive. */
export async function livingHolder(file: string): Promise<Holder | undefined> {
  const holder = await readHolder(file);
  return holder !== undefined && holder.host === hostname() && (await isAlive(holder)) ? holder : undefined;
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
