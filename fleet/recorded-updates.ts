import { sameDigest } from "../lifecycle/evidence/move.ts";
import type { RecordedMove } from "./recorded-moves.ts";

export interface NamedMove {
  workload: string;
  move: RecordedMove;
}

/** What was done in one go: the moves of several workloads to one image. */
export interface RecordedUpdate {
  kind: RecordedMove["kind"];
  to: string;
  /** ISO 8601. */
  began: string;
  ended: string;
  /** By their beginning. */
  moves: NamedMove[];
}

/** Between two workloads of one update nothing else happens. Milliseconds. */
const longestGap = 10 * 60_000;

/**
 * Puts the moves together that one update made. In an update every preparation comes before the first stop: a move that was
 * prepared after another one was cut over belongs to the next update.
 */
export function recordedUpdates(moves: readonly NamedMove[]): RecordedUpdate[] {
  const updates: RecordedUpdate[] = [];
  for (const named of moves.toSorted((a, b) => a.move.began.localeCompare(b.move.began))) {
    const { move } = named;
    const update = updates.findLast((each) => belongsTo(each, named));
    if (update === undefined) {
      updates.push({ kind: move.kind, to: move.to, began: move.began, ended: move.ended, moves: [named] });
    } else {
      update.moves.push(named);
      if (move.ended > update.ended) update.ended = move.ended;
    }
  }
  return updates;
}

function belongsTo(update: RecordedUpdate, { workload, move }: NamedMove): boolean {
  if (update.kind !== move.kind || !sameDigest(update.to, move.to)) return false;
  if (update.moves.some((each) => each.workload === workload)) return false;
  if (Date.parse(move.began) - Date.parse(update.ended) > longestGap) return false;
  const { hot } = move;
  const firstStop = update.moves.flatMap(({ move: { stopped } }) => stopped?.time ?? []).toSorted()[0];
  return hot === undefined || firstStop === undefined || hot.time < firstStop;
}
