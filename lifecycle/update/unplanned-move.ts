import { type Move, movedBeyond, type RestorePlan } from "../evidence/move.ts";
import type { Markers } from "../evidence/records.ts";
import { StepFailure } from "./step.ts";

/**
 * Before anything is stopped, a state that has moved since the preview ends the way back: what was seen is on record by now, so
 * the next preview shows the restore, and what it takes back.
 */
export function refuseUnplannedMove(workload: string, move: Move, now: Markers | undefined): void {
  const plan = restoreOfLateMove(move, now);
  if (plan !== undefined) {
    throw new StepFailure(
      workload,
      "preflight",
      `the new version has moved the state since the preview (${plan.moved.join(", ")}). So the old version needs the snapshot ` +
        `${plan.snapshot.slice(0, 8)} of ${plan.takenAt} as well. Start the way back again: its preview now shows the restore.`,
    );
  }
}

/**
 * What a way back by code alone needs once its workload is stopped and the state turns out to have moved: some versions write
 * such things minutes after their start, or while they end. It does not stop half-way, with the requests held: the preview
 * has named this snapshot for the case that the old version can't work with the state, and the pre-restore snapshot has the rest.
 */
export function restoreOfLateMove(move: Move, now: Markers | undefined): RestorePlan | undefined {
  if (move.kind !== "back" || move.restore !== undefined || now === undefined) return undefined;
  const { snapshot, takenAt } = move.release;
  const moved = movedBeyond(move, now);
  return moved.length === 0
    ? undefined
    : {
        ...{ snapshot, takenAt, reason: "state moved", moved },
        because: "the newer version has moved the state after the preparation",
      };
}
