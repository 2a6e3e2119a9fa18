import { proveRunningVersion } from "../../lifecycle/checks/before-update.ts";
import { describeTasks } from "../../lifecycle/control-plane/judge.ts";
import type { SnapshotEntry } from "../../lifecycle/evidence/records.ts";
import { runStep } from "../../lifecycle/update/step.ts";
import { moveOfTask } from "../../lifecycle/update/task-move.ts";
import type { WorkloadContext, WorkloadTask } from "../../lifecycle/workload.ts";
import { OperationFailure } from "../failure.ts";
import { backupInstance, type ManagedBackup } from "./backup.ts";
import { backupFolder, wayToSetImage, withManaged } from "./context.ts";
import { type ManagedContext, readManaged } from "./instance.ts";
import { ManagedMoveJournal } from "./journal.ts";
import { releaseOf } from "./move.ts";
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
    const before = await readManaged(managed);
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

export function backupOptions(context: WorkloadContext): { statePath: string; folder: string } {
  return { statePath: context.workload.mount, folder: backupFolder(context) };
}

/** A backup as a snapshot on record: what a release is set back to. */
export function snapshotOf(backup: ManagedBackup): SnapshotEntry {
  return {
    kind: "snapshot",
    role: "backup",
    snapshot: `backup-${backup.backup}`,
    image: backup.image,
    files: backup.entries,
    bytes: backup.bytes,
    seconds: backup.seconds,
    markers: { databases: {} },
    archive: { file: backup.file, sha256: backup.sha256 },
  };
}

async function preflight(
  context: WorkloadContext,
  managed: ManagedContext,
  forward: boolean,
): Promise<string> {
  const state = await readManaged(managed);
  if (!forward) {
    return `the control plane says: ${state.status}`;
  }
  const active = await managed.client.activeTasks();
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
