import { messageOf, OperationFailure } from "../../platforms/failure.ts";
import type { Move, RestorePlan } from "../evidence/move.ts";
import { snapshotOnRecord } from "../evidence/recorded-snapshot.ts";
import type { CutOverEntry } from "../evidence/records.ts";
import { describeLocks, dropGatewayLocks } from "../snapshot/gateway-locks.ts";
import { withRepository } from "../snapshot/repository.ts";
import { type CutOverJournal, Journal } from "../workdir/journal.ts";
import type { WorkloadContext, WorkloadTask } from "../workload.ts";
import { type Creation, creationOf, isMigratedFor } from "./creation.ts";
import { cutOverOf } from "./cut-over.ts";
import { findState, snapshotFoundState } from "./found-state.ts";
import { recordMade } from "./made.ts";
import { migrateState } from "./migrate-state.ts";
import { refuseOtherWriters } from "./other-writers.ts";
import { ownUnit } from "./own-unit.ts";
import { setStateBack } from "./set-state-back.ts";
import { runStep } from "./step.ts";
import { putStrangerBack, takeOver } from "./take-over.ts";
import { moveOfTask } from "./task-move.ts";
import { undoMigration } from "./undo-migration.ts";
import { restoreOfLateMove } from "./unplanned-move.ts";

/**
 * Runs after the old container is gone and before the new one is created: settles what a run that was killed has left,
 * puts the cut-over on record, and sets the state back when the plan of this run says so. What is done in which case
 * stands in creation.ts.
 */
export async function restoreBeforeCreate(
  context: WorkloadContext,
  task: WorkloadTask,
): Promise<{ restored: string | null }> {
  const move = await moveOfTask(context, task);
  if (move.kind !== "adopt") return readyFor(context, move);
  // One that is changed in its place was taken over before that change: see replace.ts.
  if (context.platform.inPlace === undefined) await takeOver(context, move);
  try {
    return await readyFor(context, move);
  } catch (error) {
    throw await putStrangerBack(context, move, error);
  }
}

async function readyFor(context: WorkloadContext, move: Move): Promise<{ restored: string | null }> {
  if (await goesOn(context, move)) return { restored: null };
  await removeOrphan(context);
  await refuseOtherWriters(context);
  const restored = await makeReady(context, move);
  // A restore takes minutes, and the creation follows at once.
  await refuseOtherWriters(context);
  return { restored };
}

/** What its provider has changed in its place without a new start serves, and there is nothing to make ready for. */
async function goesOn(context: WorkloadContext, move: Move): Promise<boolean> {
  if (context.platform.inPlace === undefined || move.kind !== "none") return false;
  const interrupted = await new Journal(context.log.folder).read();
  return interrupted === undefined && (await ownUnit(context)) !== undefined;
}

/** @returns the snapshot that the state was set back to. */
async function makeReady(context: WorkloadContext, previewed: Move): Promise<string | null> {
  const { log, workload } = context;
  const journal = new Journal(log.folder);
  const before = await journal.read();
  if (previewed.kind === "first" && (await log.read()).length === 0) {
    // From now on a container of ours without records is one whose records were lost.
    await log.append({ kind: "begun", image: workload.image });
  }
  const { settle: open, leaves, restore: planned } = creationOf(before, previewed, await log.read());
  const settled = await settle(context, journal, before, open);
  const cutOver = await leave(context, previewed, leaves);
  const restore = planned ?? (await lateRestore(context, previewed, cutOver));
  const move = previewed.kind === "back" && restore !== undefined ? { ...previewed, restore } : previewed;
  if (cutOver !== undefined && !isMigratedFor(before, move)) {
    await migrateAlone(context, journal, { move, cutOver });
  }
  const from = cutOver?.from ?? ("from" in move ? move.from : (before?.from ?? workload.image));
  if (cutOver !== undefined || before !== undefined) {
    // The journal first: a kill before the append is made good by the next run, one after it is seen by the snapshot's id.
    const phase = restore === undefined ? "creating" : "restoring";
    await journal.write({ phase, from, move, ...(cutOver && { cutOver }) });
  }
  if (cutOver !== undefined) {
    await log.append(cutOver);
  }
  // After the journal: until this is on record too, a run that comes later sees the same change once more.
  await recordMade(context);
  if (restore === undefined) {
    return settled;
  }
  await setStateBack(context, restore, workload.image);
  await journal.write({ phase: "creating", from, move });
  return restore.snapshot;
}

/** What the plan of this run lacks where the state has moved after its preparation: by now nothing has it open any more. */
async function lateRestore(
  { log, progress }: WorkloadContext,
  move: Move,
  cutOver: CutOverEntry | undefined,
): Promise<RestorePlan | undefined> {
  if (cutOver === undefined) return undefined;
  const { snapshot } = cutOver;
  const restore = restoreOfLateMove(move, snapshotOnRecord(snapshot, await log.read())?.markers);
  if (restore !== undefined) {
    progress(
      `the newer version has moved the state after the preparation (${restore.moved.join(", ")}). So snapshot ${restore.snapshot.slice(0, 8)} ` +
        `of ${restore.takenAt} comes back as well. What came in since is in the pre-restore snapshot ${snapshot.slice(0, 8)}`,
    );
  }
  return restore;
}

/** Where the old container is gone already: its cut-over would have done it. */
async function migrateAlone(
  context: WorkloadContext,
  journal: Journal,
  { move, cutOver }: { move: Move; cutOver: CutOverEntry },
): Promise<void> {
  const { workload } = context;
  try {
    await withRepository(context, "migration", () =>
      migrateState(context, journal, { move, cutOver, served: [] }),
    );
  } catch (error) {
    await undoMigration(context);
    await journal.write({ phase: "removing", from: cutOver.from, move, cutOver });
    throw new OperationFailure(
      `${messageOf(error)}
Its state is as before, and its container of before is gone. To have the version of before back: ${workload.wayBack}`,
    );
  }
}

/**
 * A container of this workload that is there although none should be: what is left of a creation that was killed
 * before it was recorded. Only one that carries our labels is removed.
 */
async function removeOrphan(context: WorkloadContext): Promise<void> {
  const { workload, platform } = context;
  const { container } = workload;
  if ((await platform.unit(container)) === undefined) {
    return;
  }
  const stranger = await platform.strangerAt({ stack: workload.stack, name: workload.name, unit: container });
  if (stranger !== undefined) {
    throw new OperationFailure(`${workload.name}: ${stranger}`);
  }
  context.progress("a container of an interrupted creation is removed");
  await platform.stop(container, workload.stopGrace);
  await platform.remove(container);
}

/** @returns the snapshot whose restore was finished. */
async function settle(
  context: WorkloadContext,
  journal: Journal,
  before: CutOverJournal | undefined,
  { record, restore }: Creation["settle"],
): Promise<string | null> {
  if (record !== undefined) {
    await context.log.append(record);
  }
  if (before === undefined || restore === undefined) {
    if (before?.phase !== "restoring") return null;
    throw new OperationFailure(
      `${context.workload.name}: its journal speaks of a restore without a snapshot.`,
    );
  }
  if (before.phase !== "restoring") {
    context.progress("the migration of an earlier run is undone first");
    await setStateBack(context, restore, before.from);
    const { since: _, migrated: __, ...left } = before;
    await journal.write({ ...left, phase: "removing" });
    return restore.snapshot;
  }
  context.progress(`the restore of ${restore.snapshot.slice(0, 8)} that was interrupted is finished first`);
  await setStateBack(context, restore, context.workload.image);
  await journal.write({ phase: "creating", from: before.from, move: before.move });
  return restore.snapshot;
}

/** What goes on record for the state that is left: by the snapshot of its cut-over, or by one that is taken now. */
async function leave(
  context: WorkloadContext,
  move: Move,
  leaves: Creation["leaves"],
): Promise<CutOverEntry | undefined> {
  if (leaves === undefined || "cutOver" in leaves) {
    return leaves?.cutOver;
  }
  const { take: role } = leaves;
  const left = "from" in move ? { writer: move.from } : await findState(context, move);
  if (left === undefined) {
    return undefined;
  }
  return withRepository(context, `${role} snapshot`, async () => {
    const snapshot = await runStep(
      context,
      "cold snapshot",
      () => snapshotFoundState(context, left, role),
      (each) => `${role} ${each.snapshot.slice(0, 8)}, its container is gone already`,
    );
    await context.log.append(snapshot);
    if (snapshot.locks !== undefined) {
      context.progress(describeLocks(await dropGatewayLocks(context)));
    }
    const done = { drained: { active: 0, seconds: 0, cut: 0 }, stop: { seconds: 0, killed: false } };
    // A first start is no cut-over: the version that takes a state over is the one that wrote it, as far as is known.
    return "from" in move ? cutOverOf(context, move, move.from, snapshot.snapshot, done) : undefined;
  });
}
