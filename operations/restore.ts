import type { RestorePlan } from "../evidence/move.ts";
import { cutOverOf } from "./cut-over.ts";
import { inspectContainer } from "./docker/client.ts";
import { stopContainer } from "./docker/lifecycle.ts";
import { OperationFailure } from "./failure.ts";
import { type CutOverJournal, imageOfInterruptedCutOver, Journal } from "./journal.ts";
import { runProgram } from "./program.ts";
import { restoreState } from "./snapshot/restore.ts";
import { checkColdSnapshot, takeColdSnapshot, withRepository } from "./snapshot/take.ts";
import { runStep } from "./step.ts";
import { moveOfTask } from "./task-move.ts";
import type { WorkloadContext, WorkloadTask } from "./workload.ts";

/**
 * Runs after the old container is gone and before the new one is created: puts the cut-over on record, and sets the
 * state back when the update says so. Goes on where a run that was killed has stopped.
 */
export async function restoreBeforeCreate(
  context: WorkloadContext,
  task: WorkloadTask,
): Promise<{ restored: string | null }> {
  const { log } = context;
  const journal = new Journal(log.folder);
  const before = await journal.read();
  await removeOrphan(context);
  if (before?.phase === "restoring") {
    return finishRestore(context, journal, before);
  }
  const move = await moveOfTask(context, task);
  const plan = "restore" in move && before?.phase !== "creating" ? move.restore : undefined;
  const from = imageOfInterruptedCutOver(before) ?? ("from" in move ? move.from : context.workload.image);
  if (before?.cutOver !== undefined && before.phase === "removing") {
    await log.append({ ...before.cutOver, to: context.workload.image });
  } else if (plan !== undefined) {
    await recordPreRestore(context, move, from);
  }
  if (plan === undefined) {
    if (before !== undefined) {
      await journal.write({ phase: "creating", from, move });
    }
    return { restored: null };
  }
  const restoring: Omit<CutOverJournal, "since"> = { phase: "restoring", from, move };
  await journal.write(restoring);
  return finishRestore(context, journal, restoring);
}

/**
 * A container of this workload that is there although none should be: what is left of a creation that was killed
 * before it was recorded. Only one that carries our labels is removed.
 */
async function removeOrphan(context: WorkloadContext): Promise<void> {
  const { workload, docker } = context;
  const found = await inspectContainer(docker, workload.container);
  if (found === undefined) {
    return;
  }
  const labels = found.Config.Labels;
  if (labels["clawforce.workload"] !== workload.name || labels["clawforce.stack"] !== workload.stack) {
    throw new OperationFailure(
      `${workload.name}: a container called ${workload.container} is there that this stack did not create. ` +
        "Remove or rename it; nothing was done to it.",
    );
  }
  context.progress("a container of an interrupted creation is removed");
  await stopContainer(docker, workload.container, workload.stopGrace);
  await docker.getContainer(workload.container).remove({ v: true });
}

/** Without a cut-over before it (the container was gone already) the pre-restore snapshot is taken here. */
async function recordPreRestore(
  context: WorkloadContext,
  move: Parameters<typeof cutOverOf>[1],
  from: string,
): Promise<void> {
  await withRepository(context, "pre-restore snapshot", async () => {
    const checked = await runStep(
      context,
      "cold snapshot",
      async () => {
        const taken = await takeColdSnapshot(context, from, "pre-restore");
        return checkColdSnapshot(context, taken, from, "pre-restore");
      },
      (each) => `pre-restore ${each.snapshot.slice(0, 8)}`,
    );
    await context.log.append(checked);
    const done = { drained: { active: 0, seconds: 0, cut: 0 }, stop: { seconds: 0, killed: false } };
    await context.log.append(cutOverOf(context, move, from, checked.snapshot, done));
  });
}

async function finishRestore(
  context: WorkloadContext,
  journal: Journal,
  restoring: Omit<CutOverJournal, "since">,
): Promise<{ restored: string | null }> {
  const plan: RestorePlan | undefined = "restore" in restoring.move ? restoring.move.restore : undefined;
  if (plan === undefined) {
    throw new OperationFailure(
      `${context.workload.name}: its journal speaks of a restore without a snapshot.`,
    );
  }
  await withRepository(context, "restore", async () => {
    const restored = await runStep(
      context,
      "restore",
      () => restoreState(context, plan, context.workload.image),
      () => `the state is that of snapshot ${plan.snapshot.slice(0, 8)} of ${plan.takenAt}`,
    );
    await context.log.append(restored);
  });
  await journal.write({ ...restoring, phase: "creating" });
  return { restored: plan.snapshot };
}

if (import.meta.main) {
  await runProgram(restoreBeforeCreate);
}
