import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { isRunning, type OwnProcess, ownProcess } from "./processes.ts";

/** Runs `work` while no other process does so under the same lock file. A lock of a dead process is taken over. */
export async function withLock<T>(
  file: string,
  waitingFor: (pid: number) => void,
  work: () => Promise<T>,
): Promise<T> {
  const mine = `${file}.${process.pid}-${randomBytes(4).toString("hex")}`;
  const self = await ownProcess(process.pid);
  const giveUp = () => rmSync(mine, { force: true });
  process.on("exit", giveUp);
  writeFileSync(mine, JSON.stringify(self), { mode: 0o600 });
  try {
    while (!tryLink(mine, file)) {
      const holder = readHolder(file);
      if (holder !== undefined && (await isRunning(holder))) {
        waitingFor(holder.pid);
        await sleep(500);
      } else {
        removeDead(file, mine, holder);
      }
    }
    giveUp();
    const release = () => rmSync(file, { force: true });
    process.on("exit", release);
    try {
      return await work();
    } finally {
      process.off("exit", release);
      release();
    }
  } finally {
    process.off("exit", giveUp);
    giveUp();
  }
}

/** Linking is the one step that either makes the lock with all its content or fails because there is one. */
function tryLink(mine: string, file: string): boolean {
  try {
    linkSync(mine, file);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

function readHolder(file: string): OwnProcess | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as OwnProcess;
  } catch {
    return undefined;
  }
}

/** Renames first: of several that saw the same dead lock, only one gets it out of the way. */
function removeDead(file: string, mine: string, dead: OwnProcess | undefined): void {
  const aside = `${mine}.dead`;
  try {
    renameSync(file, aside);
    const moved = readHolder(aside);
    // Another one was quicker and has the lock by now: back to its place with it.
    if (moved?.pid !== dead?.pid || moved?.started !== dead?.started) linkSync(aside, file);
  } catch {
    // Another one was quicker and is done.
  } finally {
    rmSync(aside, { force: true });
  }
}
