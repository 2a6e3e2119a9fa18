import type { EvidenceRecord } from "./records.ts";

/** Seconds that the newest snapshot of a stopped state took, with its check; undefined: there is none. */
export function lastColdPass(records: readonly EvidenceRecord[]): number | undefined {
  const cold = records.findLast(
    (record) => record.kind === "snapshot" && (record.role === "cold" || record.role === "pre-restore"),
  );
  return cold?.kind === "snapshot" ? cold.seconds : undefined;
}
