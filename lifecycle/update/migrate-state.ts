import { formatDuration } from "../../config/units.ts";
import type { Move } from "../evidence/move.ts";
import { snapshotOnRecord } from "../evidence/recorded-snapshot.ts";
import type { CutOverEntry, MigrationEntry } from "../evidence/records.ts";
import { MigrationFailed, runMigration } from "../rehearsal/migration.ts";
import { ownStart } from "../rehearsal/settings.ts";
import { whileNothingIsTried } from "../snapshot/copy.ts";
import type { Journal } from "../workdir/journal.ts";
import { statePlaces, type WorkloadContext } from "../workload.ts";
import { runStep, secondsSince } from "./step.ts";

interface Migrating {
  move: Move;
  /** Its snapshot is the state from before the migration. */
  cutOver: CutOverEntry;
  /** Variables of the old container, `NAME=value`. */
  served: readonly string[];
}

/** Only a state that is not set back to a snapshot anyway: that one was written by the version which comes. */
function isMigrated({ workload }: WorkloadContext, move: Move): boolean {
  return workload.migrate !== undefined && move.kind === "forward" && move.restore === undefined;
}

/**
 * Runs `work`, of which a migration is a part, while nothing is drilled or rehearsed on the same host: without free
 * processors a migration fails. Whoever tries something there is waited for now, before any request is held.
 */
export function besideNoTrial<T>(context: WorkloadContext, move: Move, work: () => Promise<T>): Promise<T> {
  return isMigrated(context, move) ? whileNothingIsTried(context, "migration", work) : work();
}

/**
 * Brings the stopped state over to the new version, where the configuration has steps for that. Whoever calls sets it back
 * when that fails (undo-migration.ts).
 *
 * @returns whether the state is the new version's now.
 */
export async function migrateState(
  context: WorkloadContext,
  journal: Journal,
  { move, cutOver, served }: Migrating,
): Promise<boolean> {
  const { workload, secrets } = context;
  if (!isMigrated(context, move)) return false;
  const { from, snapshot } = cutOver;
  await journal.write({ phase: "migrating", from, move, cutOver });
  const began = performance.now();
  const record = async (outcome: MigrationEntry["outcome"], steps: MigrationEntry["steps"]) => {
    const { image } = workload;
    const seconds = secondsSince(began);
    await context.log.append({ kind: "migration", from, image, snapshot, outcome, steps, seconds });
  };
  await runStep(
    context,
    "migration",
    async () => {
      try {
        const steps = await runMigration(context, {
          image: workload.image,
          state: statePlaces(workload),
          start: ownStart(workload, served, secrets.gatewayToken),
          bytes: await bytesOf(context, snapshot),
        });
        await record("passed", steps);
      } catch (error) {
        if (error instanceof MigrationFailed) await record("failed", error.steps);
        throw error;
      }
    },
    () => `the state is brought over in ${formatDuration(secondsSince(began))}`,
  );
  return true;
}

async function bytesOf({ log }: WorkloadContext, id: string): Promise<number> {
  return snapshotOnRecord(id, await log.read())?.bytes ?? 0;
}
