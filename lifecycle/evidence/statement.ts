import { type Statement, statementType } from "./envelope.ts";
import type { EvidenceRecord } from "./records.ts";

/** Names the form of the predicate: an EvidenceRecord. */
const predicateType = "urn:clawforce:fleet:evidence:v1";

/** A record as an in-toto Statement. Its subject is the image that it speaks of, else the records before it. */
export function statementOf(record: EvidenceRecord): Statement {
  const image = imageOfRecord(record);
  const subject =
    image === undefined
      ? { name: `${record.stack}/${record.workload}`, digest: { sha256: record.previous } }
      : { name: image.split("@")[0] ?? image, digest: { sha256: digestPart(image) } };
  return { _type: statementType, subject: [subject], predicateType, predicate: record };
}

/** The record of a statement; undefined when it is another statement, or one whose subject is not the record's. */
export function recordOf(statement: Statement): EvidenceRecord | undefined {
  if (statement.predicateType !== predicateType) return undefined;
  const record = statement.predicate as EvidenceRecord;
  if (typeof record !== "object" || record === null || typeof record.sequence !== "number") return undefined;
  return JSON.stringify(statementOf(record).subject) === JSON.stringify(statement.subject)
    ? record
    : undefined;
}

function imageOfRecord(record: EvidenceRecord): string | undefined {
  if (record.kind === "cut-over") return record.to;
  const image = "image" in record ? record.image : undefined;
  return image?.includes("@sha256:") ? image : undefined;
}

function digestPart(image: string): string {
  return image.slice(image.lastIndexOf("@sha256:") + "@sha256:".length);
}
