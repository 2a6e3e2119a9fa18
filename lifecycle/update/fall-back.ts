import { OperationFailure } from "../../platforms/failure.ts";
import type { Unit } from "../../platforms/platform.ts";
import { type RestorePlan, sameDigest } from "../evidence/move.ts";
import type { EvidenceRecord } from "../evidence/records.ts";
import { tellingLine } from "../rehearsal/symptoms.ts";
import { printedLines } from "../snapshot/printed-lines.ts";
import { Journal } from "../workdir/journal.ts";
import type { WorkloadContext, WorkloadTask } from "../workload.ts";
import { refuseOtherWriters } from "./other-writers.ts";
import { setStateBack } from "./set-state-back.ts";

/** Lines of its log that go on record. */
const keptLines = 5;

/**
 * The version of before was started on the state as the new one left it, and does not come up. So its own state comes
 * back, in the same run: what is there is in the pre-restore snapshot of the cut-over. The engine then makes its container
 * once more. Fails where that is not what is wrong.
 */
export async function fallBack(context: WorkloadContext, task: WorkloadTask): Promise<{ restored: string }> {
  const { workload, platform, log, progress } = context;
  const { move } = task;
  if (move?.kind !== "back" || move.restore !== undefined) {
    throw new OperationFailure(`${workload.name}: its state is no part of this: it is left as it is.`);
  }
  if (isDone(await log.read(), move.release.snapshot)) {
    throw new OperationFailure(
      `${workload.name}: its state is that of snapshot ${move.release.snapshot.slice(0, 8)} already.`,
    );
  }
  const unit = await platform.unit(workload.container);
  const problem = otherCause(unit, workload.image);
  if (problem !== undefined)
    throw new OperationFailure(`${workload.name}: ${problem}. Its state is left as it is.`);
  const said = await printedLines(platform, workload.container, keptLines);
  progress(
    `it does not come up on the state as the newer version left it (${tellingLine(said) ?? "it says nothing"}): its snapshot comes back as well`,
  );
  await platform.stop(workload.container, workload.stopGrace);
  await platform.remove(workload.container);
  await refuseOtherWriters(context);
  const { snapshot, takenAt } = move.release;
  const because = `${move.to} did not come up on the state that ${move.from} has left: ${said.join(" | ")}`;
  const moved = ["the old version did not come up on it"];
  const plan: RestorePlan = { snapshot, takenAt, reason: "state moved", moved, because };
  const journal = new Journal(log.folder);
  // Killed in it, the next run finishes it first.
  await journal.write({ phase: "restoring", from: move.from, move: { ...move, restore: plan } });
  await setStateBack(context, plan, move.to);
  await journal.write({ phase: "creating", from: move.from, move });
  return { restored: snapshot };
}

/** Since its cut-over: a second time would change nothing. */
function isDone(records: readonly EvidenceRecord[], snapshot: string): boolean {
  const left = records.findLastIndex(({ kind }) => kind === "cut-over");
  return records.slice(left + 1).some((record) => record.kind === "restore" && record.snapshot === snapshot);
}

/** What else can be wrong than the state; undefined: it was started on it, and does not serve. */
function otherCause(unit: Unit | undefined, image: string): string | undefined {
  if (unit === undefined || unit.status === "created") return "its container was never started";
  if (!sameDigest(unit.image, image)) return `its container has another image, ${unit.image}`;
  return unit.running && unit.health !== "unhealthy" && unit.health !== "starting"
    ? "its container is healthy"
    : undefined;
}
