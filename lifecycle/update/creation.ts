import { type Move, type RestorePlan, sameDigest } from "../evidence/move.ts";
import { snapshotOnRecord } from "../evidence/recorded-snapshot.ts";
import type { CutOverEntry, EvidenceRecord } from "../evidence/records.ts";
import { goesBack, isForward } from "../evidence/settings.ts";
import type { CutOverJournal } from "../workdir/journal.ts";
import { interruptedRestore, migrationToUndo, unrecordedCutOver } from "./interrupted.ts";

/** What has to be done to the state of a workload before its new container is created. */
export interface Creation {
  /** What an earlier run has begun: done first, whatever this run is for. */
  settle: { record?: CutOverEntry; restore?: RestorePlan };
  /** The snapshot of the state that this run's move begins from: its cut-over has taken it, or it is taken now. */
  leaves: { cutOver: CutOverEntry } | { take: "cold" | "pre-restore" } | undefined;
  /** What this run's plan says. */
  restore: RestorePlan | undefined;
}

/**
 * The plan of this run is carried out whole. An earlier run takes nothing off it: what that one has done is on record, and
 * this run's plan was made with it (interrupted.ts).
 *
 * | an earlier run left | done first        | then, for another image or another state                          |
 * |---------------------|-------------------|-------------------------------------------------------------------|
 * | no journal, `draining`, `stopping`, `snapshotting` | nothing | a snapshot of the state is taken and the cut-over recorded |
 * | `migrating`         | restore of its snapshot | as with `removing`; going forward, the migration runs again |
 * | `removing`          | nothing; when it is migrated and this move goes elsewhere, restore of its snapshot | its snapshot is this cut-over's; going forward only when it is a checked, cold one |
 * | `restoring`         | record, restore   | a snapshot of the state is taken and the cut-over recorded        |
 * | `creating`          | record            | the same: the container may have been started and may have moved the state |
 *
 * Then the state is set back where the plan says so. The same image on the same state needs neither. A first start has no
 * image before it: its snapshot is of what is found, if anything is (found-state.ts).
 */
export function creationOf(
  journal: CutOverJournal | undefined,
  move: Move,
  records: readonly EvidenceRecord[],
): Creation {
  const record = journal && unrecordedCutOver(journal, records);
  const interrupted = journal && (interruptedRestore(journal) ?? strangeMigration(journal, move));
  return {
    settle: { ...(record && { record }), ...(interrupted && { restore: interrupted }) },
    leaves: leavesOf(journal, move, records),
    restore: "restore" in move ? move.restore : undefined,
  };
}

function leavesOf(
  journal: CutOverJournal | undefined,
  move: Move,
  records: readonly EvidenceRecord[],
): Creation["leaves"] {
  if (move.kind === "first") {
    return { take: "cold" };
  }
  const taken =
    journal !== undefined && ["migrating", "removing"].includes(journal.phase) ? journal.cutOver : undefined;
  if (!("from" in move)) {
    return taken && { cutOver: ofMove(taken, move) };
  }
  const needed = goesBack(move) ? "pre-restore" : "cold";
  return taken !== undefined &&
    (needed === "pre-restore" || snapshotOnRecord(taken.snapshot, records)?.role === "cold")
    ? { cutOver: { ...ofMove(taken, move), from: move.from } }
    : { take: needed };
}

/** What a migration has made of the state is of no use to this move. */
function strangeMigration(journal: CutOverJournal, move: Move): RestorePlan | undefined {
  return isMigratedFor(journal, move) ? undefined : migrationToUndo(journal);
}

/** Whether the state is ready for the new version that this move goes to: an earlier run has brought it over. */
export function isMigratedFor(journal: CutOverJournal | undefined, move: Move): boolean {
  return (
    journal?.phase === "removing" &&
    journal.migrated === true &&
    move.kind === "forward" &&
    sameDigest(journal.move.to, move.to)
  );
}

/** A cut-over that an earlier run has begun, as it is by the plan of this one. */
function ofMove({ changes: _, ...taken }: CutOverEntry, move: Move): CutOverEntry {
  return { ...taken, to: move.to, direction: directionOf(move), ...changesOf(move) };
}

/** What goes on record of other settings. */
export function changesOf(move: Move): Pick<CutOverEntry, "changes"> {
  return "changes" in move && move.changes !== undefined ? { changes: move.changes } : {};
}

export function directionOf(move: Move): CutOverEntry["direction"] {
  if (move.kind === "adopt") return "same";
  if (isForward(move)) return move.kind === "change" ? "change" : "forward";
  return goesBack(move) && move.kind !== "restore" ? "back" : "same";
}
