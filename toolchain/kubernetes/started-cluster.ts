import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isRunning, startDetached, stop, tailOf } from "../processes.ts";
import { SetUpError } from "../set-up-error.ts";
import type { ClusterRecord, KeeperOrder } from "./cluster-record.ts";
import { write } from "./credentials.ts";
import { placesIn } from "./places.ts";

const stopMs = 60_000;

/**
 * Starts a cluster of its own and returns when pods can start in it. Its state lies in the given folder, which has to be
 * empty or missing and which the caller removes after `stopCluster`.
 */
export async function startCluster(order: KeeperOrder): Promise<ClusterRecord> {
  const { state } = order;
  const places = placesIn(state);
  if (existsSync(places.record)) {
    throw new SetUpError(`${state} holds the state of another cluster: name an empty folder.`);
  }
  mkdirSync(places.logs, { recursive: true, mode: 0o700 });
  const file = join(state, "order.json");
  write(file, JSON.stringify(order));
  const log = join(places.logs, "keeper.log");
  const keeper = await startDetached([process.execPath, join(import.meta.dirname, "keeper.ts"), file], log);
  const end = () => {
    if (existsSync(`/proc/${keeper.pid}`)) process.kill(keeper.pid);
  };
  process.on("exit", end);
  try {
    for (;;) {
      const record = recordedCluster(state);
      if (record !== undefined) return record;
      if (!(await isRunning(keeper))) {
        throw new SetUpError(
          `The cluster does not start: ${reasonOfEnd(state)}. See its logs in ${places.logs}, repair what they name and start again.`,
        );
      }
      await sleep(100);
    }
  } finally {
    process.off("exit", end);
  }
}

/** The cluster whose state is there, whether it still runs or not. */
export function recordedCluster(state: string): ClusterRecord | undefined {
  try {
    return JSON.parse(readFileSync(placesIn(state).record, "utf8")) as ClusterRecord;
  } catch {
    return undefined;
  }
}

/** Ends the cluster and returns when nothing of it is left on this machine but its state folder. */
export async function stopCluster({ keeper }: ClusterRecord): Promise<void> {
  await stop(keeper, stopMs);
}

/** Why a cluster that runs no longer has ended, as a clause. */
export function reasonOfEnd(state: string): string {
  const { failure, logs } = placesIn(state);
  if (existsSync(failure)) return readFileSync(failure, "utf8");
  return `its keeper was killed\n${tailOf(join(logs, "keeper.log"))}`;
}
