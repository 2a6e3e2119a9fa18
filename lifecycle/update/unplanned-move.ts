import { type Move, movedBeyond } from "../evidence/move.ts";
import type { Markers } from "../evidence/records.ts";
import { StepFailure } from "./step.ts";
import type { StepName } from "./step-names.ts";

/**
 * A state that has moved since the preview is set back only once a preview has said so: nobody has agreed to lose what
 * came in since the snapshot. What was seen is on record by now, so the next preview shows the restore.
 */
export function refuseUnplannedMove(
  workload: string,
  step: StepName,
  move: Move,
  now: Markers | undefined,
): void {
  if (move.kind !== "back" || move.restore !== undefined || now === undefined) {
    return;
  }
  const { release } = move;
  const moved = movedBeyond(move, now);
  if (moved.length > 0) {
    throw new StepFailure(
      workload,
      step,
      `the new version has moved the state since the preview (${moved.join(", ")}). So the old version needs the snapshot ` +
        `${release.snapshot.slice(0, 8)} of ${release.takenAt} as well. Start the way back again: its preview now shows the restore.`,
    );
  }
}
