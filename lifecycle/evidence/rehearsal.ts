import { isDeepStrictEqual } from "node:util";
import { digestIn } from "../../config/digest.ts";
import type { EvidenceRecord, RehearsalEntry } from "./records.ts";

export type RecordedRehearsal = RehearsalEntry & Pick<EvidenceRecord, "time">;

/** The newest one of going from one version to another that passed; with other steps of migration it is another one. */
export function passedRehearsal(
  records: readonly EvidenceRecord[],
  from: string,
  to: string,
): RecordedRehearsal | undefined {
  const wanted = [digestIn(from), digestIn(to)].join();
  const found = records.findLast(
    (record) =>
      record.kind === "rehearsal" && [digestIn(record.from), digestIn(record.image)].join() === wanted,
  );
  return found?.kind === "rehearsal" && found.outcome === "passed" ? found : undefined;
}

/** What a rehearsal is of. */
interface Wanted {
  from: string;
  to: string;
  migration: string;
  /** What the copy is to be without. */
  leftOut?: readonly string[];
}

/** The same, where it is young enough for an update by these steps. `maximumAge` in seconds. */
export function validRehearsal(
  records: readonly EvidenceRecord[],
  { from, to, migration, leftOut }: Wanted,
  maximumAge: number,
  now = new Date(),
): RecordedRehearsal | undefined {
  const found = passedRehearsal(records, from, to);
  if (found === undefined || found.migration !== migration) return undefined;
  if (!isDeepStrictEqual(found.leftOut, leftOut)) return undefined;
  const age = now.getTime() - new Date(found.time).getTime();
  return age >= 0 && age <= maximumAge * 1000 ? found : undefined;
}
