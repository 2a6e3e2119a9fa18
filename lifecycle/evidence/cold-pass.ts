import type { EvidenceRecord, SnapshotEntry } from "./records.ts";

/** The newest snapshot of a stopped state; undefined: there is none. */
export function lastCold(records: readonly EvidenceRecord[]): SnapshotEntry | undefined {
  const cold = records.findLast(
    (record) => record.kind === "snapshot" && (record.role === "cold" || record.role === "pre-restore"),
  );
  return cold?.kind === "snapshot" ? cold : undefined;
}

/** Seconds that it took, with its check. */
export function lastColdPass(records: readonly EvidenceRecord[]): number | undefined {
  return lastCold(records)?.seconds;
}
