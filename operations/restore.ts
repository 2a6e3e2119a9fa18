import { inspectContainer } from "./docker/client.ts";
import { OperationFailure } from "./failure.ts";
import { Journal } from "./journal.ts";
import { runProgram } from "./program.ts";
import { restoreState } from "./snapshot/restore.ts";
import { checkColdSnapshot, takeColdSnapshot, withRepository } from "./snapshot/take.ts";
import { runStep } from "./step.ts";
import { moveOfTask } from "./task-move.ts";
import type { WorkloadContext, WorkloadTask } from "./workload.ts";

/**
 * Runs after the old container is gone and before the new one is created: sets the state back when the update says so.
 * A pre-restore snapshot comes first; the cut-over has taken it unless the container was gone before that.
 */
export async function restoreBeforeCreate(
  context: WorkloadContext,
  task: WorkloadTask,
): Promise<{ restored: string | null }> {
  const { workload, docker, log } = context;
  const move = await moveOfTask(context, task);
  const journal = new Journal(log.folder);
  const before = await journal.read();
  const plan = "restore" in move ? move.restore : undefined;
  if (plan === undefined || before?.phase === "creating") {
    if (before !== undefined) {
      await journal.write({ ...before, phase: "creating" });
    }
    return { restored: null };
  }
  if ((await inspectContainer(docker, workload.container))?.State.Running) {
    throw new OperationFailure(
      `${workload.name}: the container still runs, its state can't be replaced. Stop it first.`,
    );
  }
  return withRepository(context, "restore", async () => {
    let preRestore = before?.snapshot;
    if (preRestore === undefined) {
      const from = "from" in move ? move.from : workload.image;
      const taken = await runStep(
        context,
        "cold snapshot",
        () => takeColdSnapshot(context, from, "pre-restore"),
        (each) => `pre-restore ${each.snapshot.slice(0, 8)}`,
      );
      const checked = await checkColdSnapshot(context, taken, from, "pre-restore");
      await log.append(checked);
      preRestore = checked.snapshot;
      await log.append({
        kind: "cut-over",
        from,
        to: workload.image,
        direction: move.kind === "back" ? "back" : move.kind === "forward" ? "forward" : "same",
        snapshot: preRestore,
        drained: { active: 0, seconds: 0, cut: 0 },
        stop: { seconds: 0, killed: false },
      });
    }
    const entry = { container: before?.container ?? "", move, snapshot: preRestore };
    await journal.write({ ...entry, phase: "restoring" });
    const restored = await runStep(
      context,
      "restore",
      () => restoreState(context, plan, workload.image),
      () =>
        `state is that of snapshot ${plan.snapshot.slice(0, 8)} of ${plan.takenAt}; before it: ${preRestore.slice(0, 8)}`,
    );
    await log.append(restored);
    await journal.write({ ...entry, phase: "creating" });
    return { restored: plan.snapshot };
  });
}

if (import.meta.main) {
  await runProgram(restoreBeforeCreate);
}
