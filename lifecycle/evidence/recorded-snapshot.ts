import type { EvidenceRecord, SnapshotEntry } from "./records.ts";

/** Ids are written in eight digits or in all of them. */
export function snapshotOnRecord(id: string, records: readonly EvidenceRecord[]): SnapshotEntry | undefined {
  const found = records.findLast(
    (each) => each.kind === "snapshot" && (each.snapshot.startsWith(id) || id.startsWith(each.snapshot)),
  );
  return found?.kind === "snapshot" ? found : undefined;
}
