import { setTimeout as sleep } from "node:timers/promises";
import { OperationFailure } from "./failure.ts";

export interface LockRequest {
  /** `repository`: of a workload. `drill`: of the whole platform. `recover`: of a stack. */
  kind: "repository" | "drill" | "recover";
  /** The workload or stack; of the platform itself: empty. */
  of: string;
  /** What it is taken for: "cut-over". */
  purpose: string;
  /** Image with bash. */
  image: string;
  /** Seconds to wait for another holder. */
  wait: number;
  /** Told once when another one holds it. */
  progress?: (line: string) => void;
}

/** Who holds a lock. */
export interface LockHolder {
  kind: string;
  of: string;
  purpose: string;
  host: string;
  pid: number;
  /** ISO 8601. */
  since: string;
}

/** A lock while it is held. */
export interface HeldLock {
  /** Rejects when the lock is gone although it was not released. */
  lost: Promise<never>;
  release(): Promise<void>;
}

/** How a platform gives a lock away. */
export interface LockKeeper {
  /** Where the lock is, for messages: "on this Docker host". */
  where: string;
  /** Seconds after which the lock of a holder that is dead ends by itself. */
  patience: number;
  /** Seconds between two attempts. */
  interval: number;
  /** The lock, or who holds it; undefined: it was given up meanwhile, and is asked for at once. */
  take(): Promise<HeldLock | { holder: LockHolder } | undefined>;
}

/** Runs `work` while nobody else holds the lock; ends it when the lock is lost. */
export async function whileHeld<T>(
  request: LockRequest,
  keeper: LockKeeper,
  work: () => Promise<T>,
): Promise<T> {
  const lock = await acquired(request, keeper);
  let result: T;
  try {
    result = await Promise.race([work(), lock.lost]);
  } catch (error) {
    // A platform that is gone or hangs fails the release too, and that would hide in which step it was.
    await lock.release().catch(() => {});
    throw error;
  }
  await lock.release();
  return result;
}

async function acquired(request: LockRequest, keeper: LockKeeper): Promise<HeldLock> {
  const until = Date.now() + request.wait * 1000;
  let told = false;
  for (;;) {
    const taken = await keeper.take();
    if (taken === undefined) continue;
    if (!("holder" in taken)) return taken;
    const { holder } = taken;
    if (Date.now() > until) throw new OperationFailure(describeHeld(request, keeper, holder));
    if (!told) {
      told = true;
      request.progress?.(`waiting for ${describeHolder(holder)}`);
    }
    await sleep(keeper.interval * 1000);
  }
}

/** "clawforce-lock-repository-bot-a": what bears it is held by one at a time. */
export function lockName({ kind, of }: Pick<LockRequest, "kind" | "of">): string {
  return ["clawforce-lock", kind, of].filter((part) => part !== "").join("-");
}

function describeHolder({ purpose, of, pid, host, since }: LockHolder): string {
  return `${purpose}${of === "" ? "" : ` of ${of}`} by process ${pid} on ${host}, since ${since}`;
}

function describeHeld(
  request: LockRequest,
  { where, patience }: Pick<LockKeeper, "where" | "patience">,
  holder: LockHolder,
): string {
  const what = request.kind === "drill" ? "A drill" : `Other work on ${request.of}`;
  return (
    `${what} is under way ${where}: ${describeHolder(holder)}. Nothing of it was touched. Wait for it to end, then try again. ` +
    `If that process is dead, its lock ends by itself within ${patience} s.`
  );
}
