import { EngineFailure, messageOf, OperationFailure } from "../../platforms/failure.ts";
import type { Unit } from "../../platforms/platform.ts";
import type { Move } from "../evidence/move.ts";
import type { CutOverEntry, SnapshotEntry, SnapshotRole } from "../evidence/records.ts";
import { goesBack } from "../evidence/settings.ts";
import { holdRequests } from "../ingress/hold.ts";
import { clock } from "../ingress/hold-messages.ts";
import { openIngress, removeFromIngress } from "../ingress/open.ts";
import { describeLocks, dropGatewayLocks } from "../snapshot/gateway-locks.ts";
import { withRepository } from "../snapshot/repository.ts";
import { checkColdSnapshot, takeColdSnapshot, withColdScripts } from "../snapshot/take.ts";
import { HoldJournal } from "../workdir/hold-journal.ts";
import { type CutOverPhase, Journal } from "../workdir/journal.ts";
import type { WorkloadContext, WorkloadTask } from "../workload.ts";
import { changesOf, directionOf } from "./creation.ts";
import { type Drained, describeDrain, drain } from "./drain.ts";
import { besideNoTrial, migrateState } from "./migrate-state.ts";
import { onceItAnswers } from "./once-it-answers.ts";
import { refuseOtherWriters } from "./other-writers.ts";
import { ownUnit } from "./own-unit.ts";
import { changesClause } from "./plan.ts";
import { isWayBack, lookForRoom } from "./room.ts";
import { startOnState } from "./start.ts";
import { runStep, StepFailure } from "./step.ts";
import { moveOfTask } from "./task-move.ts";
import { engineReturn } from "./time-budget.ts";
import { describeSnapshot } from "./trials.ts";
import { undoMigration } from "./undo-migration.ts";

/**
 * Runs before a container is removed: hold, drain, stop, cold snapshot, check, migration. When any of it fails, the container that
 * is there is started again, its requests come in again, and the removal does not happen.
 */
export async function cutOver(
  context: WorkloadContext,
  task: WorkloadTask,
): Promise<{ snapshot: string | null }> {
  const move = await moveOfTask(context, task);
  const served = await ownUnit(context);
  // Only the run that has it in its configuration knows its move.
  const leaves = task.move === undefined;
  if (served === undefined) {
    if (leaves) {
      await removeFromIngress(context);
    } else if (move.kind !== "adopt") {
      await holdRequests(context, "its container is missing", { must: false });
    }
    context.progress("its container is not there any more: nothing to drain or stop");
    return { snapshot: null };
  }
  if (isWayBack(move)) {
    // Its preparation has looked too, before the whole wave: what came after it may have filled a disk.
    context.progress(await lookForRoom(context, move, served.imageId));
  }
  try {
    // A run that was killed may have begun to bring the state over.
    if (!served.running) await undoMigration(context);
    return await stopWithSnapshot(context, { move, served, leaves });
  } catch (error) {
    throw await putBack(context, new Journal(context.log.folder), error, served.image);
  }
}

/** What is left, and why: `leaves` where its workload has left the configuration. */
interface Leaving {
  move: Move;
  served: Unit;
  leaves: boolean;
}

/** Hold, drain, stop, cold snapshot, check, migration. What it has begun stands in the journal; whoever calls puts it back. */
export function stopWithSnapshot(context: WorkloadContext, leaving: Leaving): Promise<{ snapshot: string }> {
  const { move, served, leaves } = leaving;
  const { log } = context;
  const journal = new Journal(log.folder);
  const { image: from, environment } = served;
  const cut = async () => {
    const { snapshot, ...done } = await stoppedCopy(context, journal, leaving);
    await log.append(snapshot);
    if (snapshot.locks !== undefined) {
      // Nothing has the state open since the stop; the snapshot has them, and a restore leaves them out.
      context.progress(describeLocks(await dropGatewayLocks(context)));
    }
    // On record only once the container is gone: until then this can still be put back.
    const cutOver = cutOverOf(context, move, from, snapshot.snapshot, done);
    const migrated = await migrateState(context, journal, { move, cutOver, served: environment });
    await journal.write({ phase: "removing", from, move, cutOver, ...(migrated && { migrated }) });
    if (leaves) {
      await removeFromIngress(context);
    }
    return { snapshot: snapshot.snapshot };
  };
  return withRepository(context, "cut-over", () => besideNoTrial(context, move, cut));
}

/** Hold, drain, stop, cold snapshot, check. What the scripts of the last two need is there before any request waits. */
async function stoppedCopy(
  context: WorkloadContext,
  journal: Journal,
  { move, served, leaves }: Leaving,
): Promise<{ snapshot: SnapshotEntry } & Pick<CutOverEntry, "drained" | "stop">> {
  const back = goesBack(move);
  const from = served.image;
  const role: SnapshotRole = back ? "pre-restore" : "cold";
  const enter = (phase: CutOverPhase) => journal.write({ phase, from, move });
  return withColdScripts(context, async (scripts) => {
    await enter("draining");
    await holdRequests(context, leaves ? "it is removed" : reasonOf(move, from), {
      must: !back && !leaves,
    });
    const drained = await runStep(
      context,
      "drain",
      () => drainIfServing(context, served, back),
      describeDrain,
    );
    await enter("stopping");
    const stop = await runStep(context, "stop", () => stopAlone(context), describeStop);
    await enter("snapshotting");
    const taken = await runStep(
      context,
      "cold snapshot",
      () => takeColdSnapshot(context, scripts, from, role),
      (each) => each.snapshot.slice(0, 8),
    );
    const snapshot = await runStep(
      context,
      "check",
      () => checkColdSnapshot(context, scripts, taken, from, role),
      describeSnapshot,
    );
    return { snapshot, drained, stop };
  });
}

/** Why its requests are held, for people. */
function reasonOf(move: Move, from: string): string {
  if (move.kind === "adopt") return `adoption of ${move.stranger.name}`;
  const what = "to" in move && move.to !== from ? ` from ${from} to ${move.to}` : ` on ${from}`;
  return `cut-over${what}${changesClause(move)}`;
}

/** What goes on record for a cut-over. */
export function cutOverOf(
  { workload }: WorkloadContext,
  move: Move,
  from: string,
  snapshot: string,
  done: Pick<CutOverEntry, "drained" | "stop">,
): CutOverEntry {
  const { image: to } = workload;
  const direction = directionOf(move);
  const stranger = move.kind === "adopt" ? { stranger: { ...move.stranger, did: "left" as const } } : {};
  return { kind: "cut-over", from, to, direction, snapshot, ...changesOf(move), ...done, ...stranger };
}

/** A sick workload has no work to wait for, and the way back does not depend on what the sick one says. */
async function drainIfServing(context: WorkloadContext, served: Unit, back: boolean): Promise<Drained> {
  const health = served.health ?? "healthy";
  if (!served.running || health !== "healthy") {
    context.progress(`it is ${served.running ? health : "stopped"}: no work to wait for`);
    return { active: 0, seconds: 0, cut: 0 };
  }
  try {
    return await drain(context);
  } catch (error) {
    if (!back) {
      throw error;
    }
    context.progress(
      `the active work could not be read, but a way back does not wait for it: ${messageOf(error)}`,
    );
    return { active: 0, seconds: 0, cut: 0 };
  }
}

function describeStop(stopped: CutOverEntry["stop"]): string {
  return stopped.killed ? `killed after ${stopped.seconds} s: it did not end by itself` : "ended by itself";
}

async function stopAlone(context: WorkloadContext) {
  const { workload, platform } = context;
  // While it serves: once it is stopped, it can't be started again beside another one.
  await refuseOtherWriters(context);
  const stopped = await platform.stop(workload.container, workload.stopGrace);
  await refuseOtherWriters(context);
  return stopped;
}

/** Starts the old container again and says what is now. The error stays the first one, whatever else fails. */
async function putBack(
  context: WorkloadContext,
  journal: Journal,
  error: unknown,
  from: string,
): Promise<Error> {
  const { workload, log } = context;
  const failure =
    error instanceof OperationFailure ? error : new OperationFailure(`${workload.name}: ${messageOf(error)}`);
  const step = failure instanceof StepFailure ? failure.step : "stop";
  let now: string;
  try {
    await undoMigration(context);
    await startAgain(context, step === "stop" && failure.cause instanceof EngineFailure);
    await journal.clear();
    now =
      `Nothing was removed: ${workload.name} serves ${from} again${await openedAgain(context)}. ` +
      `Once the cause is gone, run \`pulumi up\` again; or ${workload.wayBack}`;
  } catch (again) {
    now =
      again instanceof EngineFailure
        ? `Nothing was removed, but ${workload.name} may be stopped: ${again.message}`
        : `Nothing was removed, but ${workload.name} could not be started again: ${context.platform.describe(again)} ` +
          `Run \`fleet recover\`, or \`pulumi up\` once the cause is gone.`;
  }
  await log
    .append({ kind: "failure", step, message: failure.message, image: workload.image })
    .catch((unwritten) => {
      context.progress(`the failure could not be recorded: ${messageOf(unwritten)}`);
    });
  return new OperationFailure(`${failure.message}\n${now}`);
}

/**
 * Waits for an engine that hangs or restarts. Where it hung in the stop it may still have it before it: it is stopped once
 * more, so that nothing which comes late ends what has been started.
 */
async function startAgain(context: WorkloadContext, stopIsUnderWay: boolean): Promise<void> {
  const { workload, platform, progress } = context;
  await onceItAnswers(
    async () => {
      if (stopIsUnderWay) await platform.stop(workload.container, workload.stopGrace);
      await startOnState(context);
    },
    {
      patience: engineReturn(platform),
      waiting: ({ what }, left) => progress(`${what}: trying again to start it, for ${left} s at most`),
    },
  );
}

/** The old container serves; that its requests do not come in is for `fleet recover`, and must be said. */
async function openedAgain(context: WorkloadContext): Promise<string> {
  try {
    await openIngress(context);
    return "";
  } catch (error) {
    const held = await new HoldJournal(context.log.folder).read();
    const until = held === undefined ? "" : ` (held until ${clock(held.until)}, then answered with 503)`;
    return `, but its requests do not come in${until}: ${messageOf(error)} \`fleet recover\` opens it`;
  }
}
