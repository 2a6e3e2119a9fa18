import { type Move, type MoveFacts, moveOf, type RestorePlan, sameDigest } from "./move.ts";
import type { EvidenceRecord, RestoreEntry } from "./records.ts";
import { isLowering } from "./refusal.ts";

/** What the configuration wants a state set back to. It is carried out once. */
export interface RestoreOrder {
  /** Id of the snapshot, 8 hex digits or more. */
  snapshot: string;
  /** The operator's name for it; undefined in stack files from before orders had names. */
  order?: string;
}

export interface OrderedMove {
  move: Move;
  /** Why the order is left out of it. */
  problem?: string;
  /** Part of what replaces the container. */
  epoch: string;
}

/**
 * What follows from what is there and what is ordered. An order that can't be carried out is left out: whoever only goes
 * back goes on without it, all else is refused (lifecycle/update/window.ts).
 *
 * @param isThere - a container of the workload is there.
 */
export function orderedMove(
  facts: Omit<MoveFacts, "requested">,
  order: RestoreOrder | undefined,
  isThere: boolean,
): OrderedMove {
  const { records } = facts;
  const move = moveOf({ ...facts, requested: restoreOf(order, records) });
  const problem = orderProblem(order, move, { records, isThere });
  if (problem === undefined) {
    return { move, epoch: restoreEpoch(order, records) };
  }
  // With nothing on record the container that is there may come from this very order: it is left as it is.
  const stands = records.length === 0 && isThere ? order : undefined;
  return { move: moveOf({ ...facts, requested: undefined }), problem, epoch: restoreEpoch(stands, records) };
}

/** What a move has to set the state back to, for an order that is still to be carried out. */
export function restoreOf(
  order: RestoreOrder | undefined,
  records: readonly EvidenceRecord[],
): RestorePlan | undefined {
  if (order === undefined || carriedOut(order, records) !== undefined) {
    return undefined;
  }
  const snapshot = snapshotOf(order, records);
  return {
    snapshot: order.snapshot,
    takenAt: snapshot?.time ?? "unknown",
    reason: "requested",
    moved: [],
    ...(order.order !== undefined && { order: order.order }),
  };
}

/**
 * Why an order is not carried out, as a sentence; undefined: it can be. Nothing here may depend on luck: whoever finds an
 * old line in a stack file whose records are gone must not get a state of months ago along with an update.
 */
function orderProblem(
  order: RestoreOrder | undefined,
  move: Move,
  { records, isThere }: { records: readonly EvidenceRecord[]; isThere: boolean },
): string | undefined {
  if (order === undefined) {
    return undefined;
  }
  const { snapshot, order: name } = order;
  const done = carriedOut(order, records);
  if (done !== undefined) {
    return sameSnapshot(snapshot, done.snapshot)
      ? undefined
      : `its restore order ${name} was carried out on ${done.time} with snapshot ${done.snapshot.slice(0, 8)}, and an order is carried out once. ` +
          `Take \`restore\` out, or give the order for ${snapshot.slice(0, 8)} a name of its own.`;
  }
  if (name === undefined) {
    return (
      `its \`restore: "${snapshot}"\` has no name, so it can't be told whether it was carried out before. If it was, take the line out. ` +
      `To have it carried out, write \`restore: {snapshot: "${snapshot}", order: "<a name that was not used before>"}\`.`
    );
  }
  if (records.length === 0 && isThere) {
    return (
      `its restore order ${name} is not carried out: its container is there, but nothing is on record. So it can't be told whether the order was carried out before. ` +
      "Put the folder of `clawforce:evidence.directory` back from its copy, or take `restore` out."
    );
  }
  const from = snapshotOf(order, records);
  // To a version that no record knows, only an order brings the state that it can read.
  const isWayBack = from === undefined ? isLowering(move, records) : sameDigest(from.image, move.to);
  return move.kind === "forward" && !isWayBack
    ? `its restore order ${name} stands beside an update to another version. Do one after the other: take the change of the version back and ` +
        "run `pulumi up`, then update. If the order was carried out before, take `restore` out."
    : undefined;
}

/** Part of what replaces a container: stays the same when an order that was carried out leaves the configuration. */
export function restoreEpoch(order: RestoreOrder | undefined, records: readonly EvidenceRecord[]): string {
  const open = order !== undefined && carriedOut(order, records) === undefined ? order : undefined;
  const last = open ?? restoresIn(records).at(-1);
  if (last === undefined) {
    return "";
  }
  const snapshot = last.snapshot.slice(0, 8);
  return last.order === undefined ? snapshot : `${snapshot}/${last.order}`;
}

/** The order that an epoch speaks of: the open one, else the last that was carried out. */
export function orderOf(epoch: string): RestoreOrder | undefined {
  const [snapshot = "", ...name] = epoch.split("/");
  if (snapshot === "") {
    return undefined;
  }
  return name.length === 0 ? { snapshot } : { snapshot, order: name.join("/") };
}

/** By its name; an order without one by its snapshot, whatever was restored since. */
function carriedOut(
  { snapshot, order }: RestoreOrder,
  records: readonly EvidenceRecord[],
): (EvidenceRecord & RestoreEntry) | undefined {
  return restoresIn(records).findLast((each) =>
    order === undefined ? sameSnapshot(snapshot, each.snapshot) : each.order === order,
  );
}

function restoresIn(records: readonly EvidenceRecord[]): (EvidenceRecord & RestoreEntry)[] {
  return records.filter(
    (each): each is EvidenceRecord & RestoreEntry => each.kind === "restore" && each.reason === "requested",
  );
}

function snapshotOf({ snapshot }: RestoreOrder, records: readonly EvidenceRecord[]) {
  const found = records.findLast((each) => each.kind === "snapshot" && sameSnapshot(snapshot, each.snapshot));
  return found?.kind === "snapshot" ? found : undefined;
}

function sameSnapshot(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}
