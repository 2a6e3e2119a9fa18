import { formatDuration } from "../../config/units.ts";
import type { Move } from "../evidence/move.ts";
import type { CutOverEntry, MigrationEntry } from "../evidence/records.ts";
import { MigrationFailed, runMigration } from "../rehearsal/migration.ts";
import { ownStart } from "../rehearsal/settings.ts";
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
  // A state that is set back to a snapshot is one that the version which comes has written.
  if (workload.migrate === undefined || move.kind !== "forward" || move.restore !== undefined) return false;
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
  const found = (await log.read()).findLast((each) => each.kind === "snapshot" && each.snapshot === id);
  return found?.kind === "snapshot" ? found.bytes : 0;
}
