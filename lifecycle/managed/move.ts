import { fingerprint } from "../../config/fingerprint.ts";
import { messageOf, OperationFailure } from "../../platforms/failure.ts";
import { verdictOf } from "../checks/judge.ts";
import { runChecks } from "../checks/run.ts";
import type { Move } from "../evidence/move.ts";
import type { CheckResult, CutOverEntry, SnapshotEntry } from "../evidence/records.ts";
import { runStep } from "../update/step.ts";
import { moveOfTask } from "../update/task-move.ts";
import type { WorkloadContext, WorkloadTask } from "../workload.ts";
import { snapshotOf } from "./backup.ts";
import { backupOptions, type ManagedContext, wayToSetImage, withManaged } from "./context.ts";
import { ManagedMoveJournal } from "./journal.ts";
import { moveInstance, rollBackInstance } from "./move-instance.ts";
import { restoreInstance } from "./restore.ts";
import { prePull, type ReleaseOfInstance } from "./roll.ts";

export interface MovedInstance {
  workload: string;
  /** Id of the container that serves now. */
  container: string;
  image: string;
}

/**
 * Brings an instance that a control plane manages to its image, through the control plane and never behind its back. What
 * fails on the way forward is put back here; going back takes the state along when the old image can't work with the new.
 */
export async function moveManaged(context: WorkloadContext, task: WorkloadTask): Promise<MovedInstance> {
  const { workload, log } = context;
  const move = await moveOfTask(context, task);
  return withManaged(context, async (managed) => {
    let checks: CheckResult[] = [];
    const verify = async () => {
      checks = await runChecks(context, workload.gate);
      return checks;
    };
    if (move.kind === "back") {
      await goBack(context, managed, move, verify);
    } else {
      await goForward(context, managed, verify);
    }
    const { container } = await managed.instance.read();
    if (container === undefined) {
      throw new OperationFailure(`${workload.name} has no container.`);
    }
    await log.append({
      kind: "gate",
      image: container.image,
      container: container.id,
      outcome: verdictOf(checks),
      checks,
      checksHash: fingerprint(workload.gate),
      // Its control plane keeps its state: what the version made of it can't be read from here.
      markers: { databases: {} },
    });
    return { workload: workload.name, container: container.id, image: container.image };
  });
}

async function goForward(
  context: WorkloadContext,
  managed: ManagedContext,
  verify: () => Promise<CheckResult[]>,
): Promise<void> {
  const { workload, log } = context;
  const journal = new ManagedMoveJournal(log.folder);
  const resume = await journal.resume(workload.maintenance);
  if (resume !== undefined) {
    await journal.write("moving", resume);
  }
  const moved = await runStep(
    context,
    "gate",
    () =>
      moveInstance(managed, {
        image: workload.image,
        backup: backupOptions(context),
        setImage: wayToSetImage(context),
        tools: workload.snapshots.image,
        deadline: workload.healthWait,
        verify,
        ...(resume !== undefined && { resume }),
        onPrepared: (prepared) => journal.write("moving", prepared),
      }),
    ({ outcome }) => (outcome === "went back" ? "failed" : "passed"),
    ({ outcome }) => outcome !== "went back",
  );
  await journal.clear();
  if (moved.backup !== undefined) {
    const snapshot = snapshotOf(moved.backup);
    // A run that was killed may have left its backup in the journal alone, and no release goes without its record.
    const sha256 = snapshot.archive?.sha256;
    if (!(await log.read()).some((each) => each.kind === "snapshot" && each.archive?.sha256 === sha256)) {
      await log.append(snapshot);
    }
    if (moved.outcome === "moved") {
      await log.append(cutOver(moved.from, workload.image, "forward", snapshot.snapshot));
    }
  }
  if (moved.outcome === "went back") {
    const message = `${moved.reason ?? "it failed"} ${workload.name} is back on ${moved.from}${
      moved.restore === undefined ? "" : ", with its state"
    }; all workloads after it are untouched.`;
    await log.append({ kind: "failure", step: "gate", message, image: workload.image });
    throw new OperationFailure(
      `${workload.name}: ${message} After the cause is gone, run \`pulumi up\` again; or ${workload.wayBack}`,
    );
  }
}

/** By code alone; where the old image does not come up on what the new one left, with the backup of its release. */
async function goBack(
  context: WorkloadContext,
  managed: ManagedContext,
  move: Extract<Move, { kind: "back" }>,
  verify: () => Promise<CheckResult[]>,
): Promise<void> {
  const { workload, log } = context;
  const wanted = await prePull(managed, workload.image);
  const release: ReleaseOfInstance = { row: workload.image, wanted, setImage: wayToSetImage(context) };
  let reason = "";
  try {
    await rollBackInstance(managed, release, workload.healthWait);
    if (verdictOf(await verify()) !== "passed") {
      reason = "the gate did not pass";
    }
  } catch (error) {
    reason = messageOf(error);
  }
  if (reason !== "") {
    context.progress(`code alone does not go back: ${reason}`);
    await restoreRelease(context, managed, move, release, reason);
    if (verdictOf(await verify()) !== "passed") {
      throw new OperationFailure(
        `${workload.name}: the gate does not pass on ${workload.image} with the state of its release either.`,
      );
    }
  }
  await log.append(cutOver(move.from, move.to, "back", move.release.snapshot));
}

async function restoreRelease(
  context: WorkloadContext,
  managed: ManagedContext,
  move: Extract<Move, { kind: "back" }>,
  release: ReleaseOfInstance,
  reason: string,
): Promise<void> {
  const { workload, log } = context;
  const record = (await log.read()).findLast(
    (each): each is SnapshotEntry & typeof each =>
      each.kind === "snapshot" && each.role === "backup" && each.snapshot === move.release.snapshot,
  );
  if (record?.archive === undefined) {
    throw new OperationFailure(
      `${workload.name}: ${reason} The backup ${move.release.snapshot} of that release is not on record here: restore it by the control plane.`,
    );
  }
  const { seconds } = await restoreInstance(managed, {
    ...record.archive,
    ...backupOptions(context),
    tools: workload.snapshots.image,
    deadline: workload.healthWait,
    release,
  });
  await log.append({
    kind: "restore",
    snapshot: record.snapshot,
    image: workload.image,
    reason: "state moved",
    seconds,
  });
}

function cutOver(
  from: string,
  to: string,
  direction: CutOverEntry["direction"],
  snapshot: string,
): CutOverEntry {
  return {
    kind: "cut-over",
    from,
    to,
    direction,
    snapshot,
    // The control plane stops it; how long that took, and what it cut, it does not say.
    drained: { active: 0, seconds: 0, cut: 0 },
    stop: { seconds: 0, killed: false },
  };
}
