import { OperationFailure } from "../../platforms/failure.ts";
import { proveRunningVersion } from "../checks/before-update.ts";
import type { Move, RestorePlan } from "../evidence/move.ts";
import { isForward } from "../evidence/settings.ts";
import { withRepository } from "../snapshot/repository.ts";
import { recordState } from "../snapshot/state-read.ts";
import { findSnapshot } from "../snapshot/take.ts";
import { Journal } from "../workdir/journal.ts";
import { PreparationMark } from "../workdir/preparation-mark.ts";
import type { WorkloadContext, WorkloadTask } from "../workload.ts";
import { asStranger, tokenProblem } from "./adoption.ts";
import { creationOf } from "./creation.ts";
import { type FoundState, findState, snapshotFoundState } from "./found-state.ts";
import { lookAtNetworkOwner } from "./network-owner.ts";
import { refuseOtherWriters } from "./other-writers.ts";
import { rehearsalStep } from "./rehearsal-step.ts";
import { isWayBack, lookForRoom } from "./room.ts";
import { runStep } from "./step.ts";
import { moveOfTask } from "./task-move.ts";
import { describeSnapshot, refuseTooLittleSpace, tryWhileServing, withDrilledCopy } from "./trials.ts";
import { unitOf } from "./unit-of.ts";
import { refuseUnplannedMove } from "./unplanned-move.ts";

interface PreparationTask extends WorkloadTask {
  /** Another one than the last time, when the last preparation led to nothing. */
  attempt?: string;
}

interface Preparation {
  workload: string;
  from: string | null;
  to: string;
  snapshot: string | null;
  drill: "passed" | "not needed";
  rehearsal: "passed" | "off" | "not needed";
}

/**
 * Everything that can be found out and made ready while the workload serves. Stops nothing. The way back skips what
 * would refuse a sick workload: that is what the way back is for.
 */
export async function prepare(context: WorkloadContext, task: WorkloadTask): Promise<Preparation> {
  const move = await moveOfTask(context, task);
  const served = move.kind === "adopt" ? asStranger(context, move) : context;
  const preparation = await prepareFor(served, move);
  const { attempt = "" } = task as PreparationTask;
  await new PreparationMark(context.log.folder).passed(attempt, move.kind !== "none");
  return preparation;
}

async function prepareFor(context: WorkloadContext, move: Move): Promise<Preparation> {
  const { workload, platform } = context;
  const forward = isForward(move);
  const served = await platform.unit(workload.container);
  await runStep(
    context,
    "preflight",
    async () => {
      const problem = move.kind === "adopt" && served && tokenProblem(context, served);
      if (problem) throw new OperationFailure(problem);
      const found = await preflight(context, served !== undefined && forward);
      if (served === undefined || !isWayBack(move)) return found;
      await platform.fetch(workload.snapshots.image);
      return `${found}, ${await lookForRoom(context, move, served.imageId)}`;
    },
    (found) => found,
  );
  await runStep(
    context,
    "pull",
    () => fetchWhatIsNeeded(context, "restore" in move ? move.restore : undefined),
    (found) => found,
  );
  if (served !== undefined && move.kind === "back" && move.restore === undefined) {
    // Found out now, it stops nothing.
    const now = await recordState(context, { image: served.image, container: served.id });
    refuseUnplannedMove(workload.name, move, now);
  }
  const found = served === undefined ? await stateToTakeOver(context, move) : undefined;
  if (found !== undefined) {
    return prepareFoundState(context, found);
  }
  if (served === undefined || !forward) {
    // All that is not forward is a way back or a change that was taken back: it has the snapshot of its cut-over, and
    // must not depend on what a sick version leaves behind.
    context.progress(
      served === undefined ? "no container yet: there is no state to copy" : "no hot snapshot, no drill",
    );
    return {
      workload: workload.name,
      from: served?.image ?? null,
      to: workload.image,
      snapshot: null,
      drill: "not needed",
      rehearsal: "not needed",
    };
  }
  const from = served.image;
  const { snapshot, result: rehearsal } = await tryWhileServing(context, served, (copy, rehearsed) =>
    move.kind === "forward"
      ? rehearsalStep(context, copy, rehearsed)
      : Promise.resolve("not needed" as const),
  );
  return {
    workload: workload.name,
    from,
    to: workload.image,
    snapshot: snapshot.snapshot,
    drill: "passed",
    rehearsal,
  };
}

/** A state that somebody else has filled: copied, started on a copy and on record before anything writes to it. */
async function prepareFoundState(context: WorkloadContext, found: FoundState): Promise<Preparation> {
  const { workload, platform } = context;
  const { writer, because } = found;
  const image = writer ?? workload.image;
  context.progress(
    writer === undefined
      ? `a state is there, but it is not known which version wrote it (${because}). The drill starts ${image} on a copy of it. ` +
          "If another version wrote it, interrupt this, and let that version take it over first"
      : `a state is there, written by ${writer}: ${because}`,
  );
  await platform.fetch(image);
  return withRepository(context, "preparation", async () => {
    const snapshot = await runStep(
      context,
      "cold snapshot",
      async () => {
        await refuseTooLittleSpace(context);
        return snapshotFoundState(context, found, "cold");
      },
      describeSnapshot,
    );
    await context.log.append(snapshot);
    await withDrilledCopy(context, snapshot.snapshot, image, async () => {});
    return {
      workload: workload.name,
      from: writer ?? null,
      to: workload.image,
      snapshot: snapshot.snapshot,
      drill: "passed",
      rehearsal: "not needed",
    };
  });
}

/**
 * A state that the container which is about to be created takes over without a cut-over's snapshot: at a first start on a
 * filled volume, or where a container was removed by hand before an update. Its snapshot is taken once more, and becomes
 * the release's, immediately before the creation (restore.ts); now it is drilled while nothing has changed.
 */
async function stateToTakeOver(context: WorkloadContext, move: Move): Promise<FoundState | undefined> {
  const journal = await new Journal(context.log.folder).read();
  const { settle, leaves } = creationOf(journal, move, await context.log.read());
  const toTake =
    settle.restore === undefined && leaves !== undefined && "take" in leaves && leaves.take === "cold";
  return toTake ? findState(context, move) : undefined;
}

async function fetchWhatIsNeeded(
  context: WorkloadContext,
  restore: RestorePlan | undefined,
): Promise<string> {
  const { workload, platform } = context;
  const snapshotImage = await platform.fetch(workload.snapshots.image);
  const image = await platform.fetch(workload.image);
  if (restore === undefined) {
    return `${image}, snapshot image ${snapshotImage}`;
  }
  await withRepository(context, "look for the snapshot", () => findSnapshot(context, restore.snapshot));
  return `${image}, snapshot ${restore.snapshot.slice(0, 8)} is in the repository`;
}

async function preflight(context: WorkloadContext, mustServe: boolean): Promise<string> {
  const { workload, platform } = context;
  await refuseOtherWriters(context);
  const network = await lookAtNetworkOwner(context);
  const beside = network === undefined ? "" : `, ${network}`;
  if (!mustServe) {
    return `nothing else runs on its state${beside}`;
  }
  const served = await unitOf(context);
  const { health } = served;
  if (!served.running || served.paused || (health !== undefined && health !== "healthy")) {
    throw new OperationFailure(
      `the gateway is ${served.paused ? "paused" : served.running ? (health ?? "running") : "stopped"}, and an update of a sick ` +
        `workload can't be judged. First make it healthy, or go back. Its log: ${platform.words.logCommand(workload.container)}`,
    );
  }
  return `serves, ${await proveRunningVersion(context)}${beside}`;
}
