import { Journal } from "../workdir/journal.ts";
import type { WorkloadContext } from "../workload.ts";
import { migrationToUndo } from "./interrupted.ts";
import { setStateBack } from "./set-state-back.ts";

/**
 * Sets back what a migration has made of the state, before the version of before is started on it again. Nothing has the
 * state open. Safe to run again after a kill: until it is done, the journal says that it is to be done.
 */
export async function undoMigration(context: WorkloadContext): Promise<void> {
  const journal = new Journal(context.log.folder);
  const found = await journal.read();
  const plan = found && migrationToUndo(found);
  if (found === undefined || plan === undefined) return;
  context.progress(
    `its migration is undone first: the state goes back to snapshot ${plan.snapshot.slice(0, 8)}`,
  );
  await setStateBack(context, plan, found.from);
  const { since: _, migrated: __, ...left } = found;
  await journal.write({ ...left, phase: "snapshotting" });
}
