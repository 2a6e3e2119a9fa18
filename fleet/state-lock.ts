import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { CommandFailure } from "./command.ts";

/** Pulumi's lock of a stack, as a file backend keeps it. */
export interface StateLock {
  file: string;
  pid: number;
  username: string;
  hostname: string;
  /** ISO 8601: when it was taken. */
  timestamp: string;
}

/** What tells whether the process that took a lock still runs. */
export interface Here {
  hostname: string;
  /** When the process with this number was started; undefined when there is none. */
  startOf: (pid: number) => Promise<Date | undefined>;
}

/** The folder behind a `file://` backend; undefined for every other one. A relative one counts from the project's folder. */
export function backendFolder(url: string, home: string, project: string): string | undefined {
  const scheme = "file://";
  if (!url.startsWith(scheme)) {
    return undefined;
  }
  const path = url.slice(scheme.length).replace(/\?.*$/, "");
  return path === "~" || path.startsWith("~/") ? join(home, path.slice(1)) : resolve(project, path);
}

export async function readStateLocks(folder: string, project: string, stack: string): Promise<StateLock[]> {
  const locks = join(folder, ".pulumi", "locks", "organization", project, stack);
  const files = (await readdir(locks).catch(() => [])).filter((file) => file.endsWith(".json"));
  return Promise.all(files.toSorted().map((file) => readLock(join(locks, file))));
}

async function readLock(file: string): Promise<StateLock> {
  try {
    const { pid, username, hostname, timestamp } = JSON.parse(await readFile(file, "utf8")) as StateLock;
    if (Number.isInteger(pid) && typeof hostname === "string" && !Number.isNaN(Date.parse(timestamp))) {
      return { file, pid, username, hostname, timestamp };
    }
  } catch {
    // Said below.
  }
  throw new CommandFailure(
    `Pulumi's lock ${file} can't be read, so nobody knows who holds it. Nothing was touched. Make sure that no ` +
      "update runs anywhere. Then remove the lock with `pulumi cancel`, and run `fleet recover` again.",
  );
}

/** A process that was started later than this after a lock was taken can't be the one that took it. Clocks count in whole seconds. */
const tolerance = 2000;

/** Passes when each lock is that of a process of this host that is dead; refuses everything else, before anything is touched. */
export async function refuseLivingLocks(locks: readonly StateLock[], here: Here): Promise<void> {
  for (const lock of locks) {
    if (lock.hostname !== here.hostname) {
      throw new CommandFailure(
        `Pulumi's lock was taken on the host ${lock.hostname} (process ${lock.pid} of ${lock.username}, ${lock.timestamp}), ` +
          `and this is ${here.hostname}. Only ${lock.hostname} can tell whether that process lives. Nothing was touched. Run ` +
          `\`fleet recover\` on ${lock.hostname}. If that host is gone for good, remove the lock with \`pulumi cancel\`.`,
      );
    }
    const started = await here.startOf(lock.pid);
    if (started !== undefined && started.getTime() <= Date.parse(lock.timestamp) + tolerance) {
      throw new CommandFailure(
        `An update is under way: process ${lock.pid} of ${lock.username} lives, and has held Pulumi's lock since ${lock.timestamp}. ` +
          `Nothing was touched. Let it end, or interrupt it once (Ctrl-C, or \`kill -INT ${lock.pid}\`) and let it clean up. ` +
          "Then run `fleet recover` again.",
      );
    }
  }
}
