import { OperationFailure } from "../../platforms/failure.ts";
import { proveRunningVersion } from "../checks/before-update.ts";
import { describeTasks } from "../control-plane/judge.ts";
import { runStep } from "../update/step.ts";
import { moveOfTask } from "../update/task-move.ts";
import type { WorkloadContext, WorkloadTask } from "../workload.ts";
import { backupInstance, snapshotOf } from "./backup.ts";
import { backupOptions, type ManagedContext, wayToSetImage, withManaged } from "./context.ts";
import { ManagedMoveJournal } from "./journal.ts";
import { releaseOf } from "./move-instance.ts";
import { prePull } from "./roll.ts";

/**
 * What can be made ready for an instance that a control plane manages, while it serves: image on the host, a backup that
 * was fetched and opened. Stops nothing. The way back skips what would refuse a sick instance.
 */
export async function prepareManaged(
  context: WorkloadContext,
  task: WorkloadTask,
): Promise<{ workload: string; from: string | null; to: string; backup: string | null }> {
  const { workload } = context;
  const move = await moveOfTask(context, task);
  return withManaged(context, async (managed) => {
    const forward = move.kind === "forward";
    await runStep(
      context,
      "preflight",
      () => preflight(context, managed, forward),
      (found) => found,
    );
    await runStep(
      context,
      "pull",
      () => prePull(managed, workload.image),
      () => "on the host",
    );
    const before = await managed.instance.read();
    const from = before.container?.image ?? null;
    if (!forward) {
      return { workload: workload.name, from, to: workload.image, backup: null };
    }
    const snapshot = await runStep(
      context,
      "hot snapshot",
      async () => {
        const release = await releaseOf(managed, before, wayToSetImage(context));
        const backup = await backupInstance(managed, backupOptions(context));
        await new ManagedMoveJournal(context.log.folder).write("prepared", { release, backup });
        return snapshotOf(backup);
      },
      (taken) => `${taken.snapshot}, ${taken.files} files`,
    );
    await context.log.append(snapshot);
    return { workload: workload.name, from, to: workload.image, backup: snapshot.snapshot };
  });
}

async function preflight(
  context: WorkloadContext,
  { instance }: ManagedContext,
  forward: boolean,
): Promise<string> {
  const state = await instance.read();
  if (!forward) {
    return `the control plane says: ${state.status}`;
  }
  const active = await instance.controlPlane.activeTasks();
  if (active.length > 0) {
    throw new OperationFailure(
      `tasks are active in the control plane: ${describeTasks(active)}. Wait for them to end, then run \`pulumi up\` again.`,
    );
  }
  if (state.status !== "running" || state.container?.running !== true) {
    throw new OperationFailure(
      `the control plane says ${state.status}: an update of a sick instance can't be judged. Start it first.`,
    );
  }
  return `runs, ${await proveRunningVersion(context)}`;
}
