import type { BaselineEntry, EvidenceRecord } from "../evidence/records.ts";

/** The baseline that belongs to the version before: the newest one before the newest cut-over. None at a first start. */
export function baselineBefore(records: readonly EvidenceRecord[]): BaselineEntry | undefined {
  const cutOver = records.findLastIndex(({ kind }) => kind === "cut-over");
  return records.slice(0, Math.max(0, cutOver)).findLast((record) => record.kind === "baseline");
}

/** Why there is nothing to compare with, for a check that has looked at what is there now. */
export function noBaseline(records: readonly EvidenceRecord[]): string {
  return records.some(({ kind }) => kind === "cut-over")
    ? "not compared: the last update did not write it down, the next one does"
    : "first start: there is no version before to compare with";
}
