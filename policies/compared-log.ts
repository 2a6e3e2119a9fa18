import type { LoggedRecords } from "./evidence-folder.ts";
import { sameDigest } from "./fleet-facts.ts";
import { type Glance, glanceAt, type JudgedRecord } from "./signed-records.ts";

/** What the log of a workload says beside the records that the program hands on. */
export interface ComparedLog {
  /** Of all of them, oldest first. */
  envelopes: readonly unknown[];
  /** The newest record of the log that the program should have handed on; undefined: it hands all of them on. */
  leftOut: JudgedRecord | undefined;
  /** Sequence of a record that is another one in the log; undefined: there is none. */
  other: number | undefined;
  /** The log ends before what the program hands on: it is not the program's own. */
  isBehind: boolean;
  /** Line from which on the log proves nothing. */
  broken: number | undefined;
}

/** @param images - those of which the program hands on the newest records of each kind. */
export function comparedLog(
  envelopes: readonly unknown[],
  { entries, length, broken }: LoggedRecords,
  images: readonly string[],
): ComparedLog {
  const handed = envelopes.flatMap((envelope) => glanceAt(envelope) ?? []);
  const given = new Map(handed.map((each) => [each.record.sequence, each]));
  const logged = entries.filter(({ record }) => !given.has(record.sequence));
  // Of damaged records the program hands none on, and leaves the workload as it is.
  const isWhole = broken === undefined;
  const leftOut = logged.findLast(({ record }) => isWhole && isLeftOut(record, handed, images));
  const other = entries.find(({ record, line }) => {
    const same = given.get(record.sequence);
    return isWhole && same !== undefined && same.line !== line;
  });
  return {
    envelopes: [...handed, ...logged]
      .toSorted((one, next) => one.record.sequence - next.record.sequence)
      .map(({ envelope }) => envelope),
    leftOut: leftOut?.record,
    other: other?.record.sequence,
    isBehind: handed.some(({ record }) => record.sequence > length),
    broken,
  };
}

/** Newer than all that is handed on of its kind: a program hands on the newest. */
function isLeftOut(record: JudgedRecord, handed: readonly Glance[], images: readonly string[]): boolean {
  const speaks = images.some((image) => image !== "" && sameDigest(image, record.image));
  const alike = handed.filter(
    (each) => each.record.kind === record.kind && sameDigest(each.record.image, record.image),
  );
  return speaks && alike.every((each) => each.record.sequence < record.sequence);
}
