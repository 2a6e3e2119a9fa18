import type { EvidenceEntry, ReadRecord } from "../../lifecycle/evidence/records.ts";

interface Recorded {
  stack?: string;
  workload?: string;
  /** Time of the first record. */
  first?: string;
  /** Seconds from one record to the next. */
  apart?: number;
}

/** Gives entries the form of records as the programs append them: numbered, one after the other. */
export function recorder({
  stack = "prod",
  workload = "support-1",
  first = "2026-11-21T12:00:00.000Z",
  apart = 60,
}: Recorded = {}): (...entries: readonly EvidenceEntry[]) => ReadRecord[] {
  return (...entries) =>
    entries.map((entry, index) => ({
      ...entry,
      stack,
      workload,
      sequence: index + 1,
      time: new Date(Date.parse(first) + index * apart * 1000).toISOString(),
      previous: "0".repeat(64),
    }));
}
