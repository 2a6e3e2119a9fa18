import type { Move } from "../evidence/move.ts";
import { snapshotOnRecord } from "../evidence/recorded-snapshot.ts";
import type { EvidenceRecord } from "../evidence/records.ts";
import type { Workload } from "../workload.ts";
import type { ScriptReport } from "./markers.ts";

/** A move that restores a snapshot, with the places of the state that the snapshot has nothing of, as far as is on record. */
export function withLeft(
  move: Move,
  { furtherPlaces = [] }: Pick<Workload, "furtherPlaces">,
  records: readonly EvidenceRecord[],
): Move {
  if (!("restore" in move) || move.restore === undefined || furtherPlaces.length === 0) return move;
  const { restore } = move;
  const found = snapshotOnRecord(restore.snapshot, records);
  if (found === undefined) return move;
  const left = furtherPlaces.map(({ at }) => at).filter((at) => found.places?.[at] === undefined);
  return left.length === 0 ? move : { ...move, restore: { ...restore, left } };
}

/**
 * What a snapshot and the state do not have in common, a sentence each: nothing is restored by half and not said.
 *
 * @param then - what becomes of a place that the snapshot has nothing of.
 */
export function describeLeft(
  { left, unnamed }: Pick<ScriptReport, "left" | "unnamed">,
  snapshot: string,
  then: string,
): string[] {
  const id = snapshot.slice(0, 8);
  return [
    ...left.map(
      (place) =>
        `snapshot ${id} has nothing of ${place}: it was taken before the stack file named that place as state. ${then}`,
    ),
    ...unnamed.map(
      (place) =>
        `snapshot ${id} has ${place} as well, which the stack file does not name as state. It is not restored`,
    ),
  ];
}
