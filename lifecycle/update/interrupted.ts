import type { MoveFacts, RestorePlan } from "../evidence/move.ts";
import type { CutOverEntry, EvidenceEntry, EvidenceRecord } from "../evidence/records.ts";
import type { CutOverJournal } from "../workdir/journal.ts";

/**
 * What a move is decided by: the container that is there, else what an interrupted cut-over has left. From `restoring`
 * on the state is the new image's, before it the old one's, whether or not the records say so yet: the restore hook
 * settles what is open before it does anything else (creation.ts), so a plan is made as if that had been done.
 */
export function interruptedFacts(
  journal: CutOverJournal | undefined,
  records: readonly EvidenceRecord[],
): Pick<MoveFacts, "running" | "records"> {
  if (journal === undefined) {
    return { running: undefined, records };
  }
  const open: EvidenceEntry[] = [];
  const cutOver = unrecordedCutOver(journal, records);
  if (cutOver !== undefined) {
    open.push(cutOver);
  }
  const restore = interruptedRestore(journal);
  if (restore !== undefined) {
    const { snapshot, reason, order } = restore;
    const named = order === undefined ? {} : { order };
    open.push({ kind: "restore", snapshot, image: journal.move.to, reason, ...named, seconds: 0 });
  }
  return { running: ownerOf(journal), records: [...records, ...asRecords(open, journal, records)] };
}

function ownerOf(journal: CutOverJournal): string {
  return oldContainerStands(journal) ? journal.from : journal.move.to;
}

/** Whether it was interrupted before anything was written to the state for the new image. */
export function oldContainerStands({ phase }: CutOverJournal): boolean {
  return phase !== "restoring" && phase !== "creating";
}

/** A cut-over that has happened and is not on record: the run that wrote it into the journal was killed before the append. */
export function unrecordedCutOver(
  { phase, cutOver }: CutOverJournal,
  records: readonly EvidenceRecord[],
): CutOverEntry | undefined {
  const happened = phase === "restoring" || phase === "creating";
  const known = records.some((each) => each.kind === "cut-over" && each.snapshot === cutOver?.snapshot);
  return happened && !known ? cutOver : undefined;
}

/**
 * What has to be set back before a version of before is started: a migration was begun on the state, or has ended and the
 * old container is there still.
 */
export function migrationToUndo({
  phase,
  cutOver,
  migrated,
  since,
}: CutOverJournal): RestorePlan | undefined {
  const begun = phase === "migrating" || (phase === "removing" && migrated === true);
  return begun && cutOver !== undefined
    ? { snapshot: cutOver.snapshot, takenAt: since, reason: "state moved", moved: ["by its migration"] }
    : undefined;
}

/** The restore that may be half done. */
export function interruptedRestore({ phase, move }: CutOverJournal): RestorePlan | undefined {
  return phase === "restoring" && "restore" in move ? move.restore : undefined;
}

function asRecords(
  entries: readonly EvidenceEntry[],
  { since }: CutOverJournal,
  records: readonly EvidenceRecord[],
): EvidenceRecord[] {
  const { stack = "", workload = "" } = records.at(-1) ?? {};
  return entries.map((entry, index) => ({
    ...entry,
    ...{ stack, workload, sequence: records.length + index + 1, time: since, previous: "" },
  }));
}
