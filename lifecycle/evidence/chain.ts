import { createHash } from "node:crypto";
import { parsedJson } from "../../config/json.ts";
import { type Envelope, type NamedKey, type Signature, unseal } from "./envelope.ts";
import type { EvidenceRecord, ReadRecord } from "./records.ts";
import { recordOf } from "./statement.ts";

/** What the first record of a log has in place of the hash of the line before it. */
const first = "0".repeat(64);

/** Whose records a log has. */
export interface Owner {
  stack: string;
  workload: string;
}

/** A record and the envelope that it stands in. */
export interface SealedRecord {
  record: ReadRecord;
  envelope: Envelope;
}

/** What was found in lines of a log, up to the first one that breaks the chain. */
export interface Chain {
  sealed: SealedRecord[];
  /** The whole lines, one for each record. */
  lines: string[];
  /** Numbers of the lines that a kill has cut off, from 1. They are passed over. */
  torn: number[];
  /** The first line that proves nothing, from 1, and why: nothing after it proves anything either. */
  broken?: { line: number; what: string };
}

/**
 * Follows the chain from the first record. With `anywhere` the lines are the end of a log: the first whole one of them is
 * taken for what follows the lines that were not read.
 */
export function chainOf(
  text: string,
  owner: Owner,
  trusted: readonly NamedKey[],
  begins: "at the first record" | "anywhere" = "at the first record",
): Chain {
  const chain: Chain = { sealed: [], lines: [], torn: [] };
  const lines = text.split("\n");
  for (const [index, line] of lines.entries()) {
    if (line === "") continue;
    const value = parsedJson(line);
    if (value === undefined) {
      // What a kill during the write leaves. The chain goes on from the whole line before it.
      chain.torn.push(index + 1);
      continue;
    }
    const opened = unseal(value, trusted);
    const record = opened && recordOf(opened.statement);
    if (opened === undefined || record === undefined) {
      return { ...chain, broken: { line: index + 1, what: "is no record" } };
    }
    const isAnchor = chain.lines.length === 0 && begins === "anywhere";
    const what =
      ownerProblem(record, owner) ??
      (isAnchor ? undefined : chainProblem(record, chain)) ??
      signatureProblem(opened.signature, chain.sealed);
    if (what !== undefined) return { ...chain, broken: { line: index + 1, what } };
    const { signature, envelope } = opened;
    chain.sealed.push({
      record: typeof signature === "object" ? { ...record, signedBy: signature.by } : record,
      envelope,
    });
    chain.lines.push(line);
  }
  return chain;
}

/** Whether a line is the next record of a log that ends like this. */
export function followsOn(chain: Chain, line: string, owner: Owner, trusted: readonly NamedKey[]): boolean {
  const begins = chain.lines.length === 0 ? "at the first record" : "anywhere";
  const both = chainOf([...chain.lines, line].join("\n"), owner, trusted, begins);
  return both.lines.length === chain.lines.length + 1;
}

/** How many records there are up to the last one of these. */
export function lengthOf({ sealed }: Chain): number {
  return sealed.at(-1)?.record.sequence ?? 0;
}

/** The hash that the next record has to have. */
export function hashOfLast({ lines }: Chain): string {
  const last = lines.at(-1);
  return last === undefined ? first : sha256(last);
}

/**
 * Every record in a text that can be read at all, verified by nothing. It proves nothing and must decide nothing that is
 * done; it tells what a workload must be left with.
 */
export function hearsayOf(text: string): EvidenceRecord[] {
  return text.split("\n").flatMap((line) => {
    const opened = unseal(parsedJson(line), []);
    const record = opened && recordOf(opened.statement);
    return record === undefined ? [] : [record];
  });
}

function ownerProblem(record: EvidenceRecord, { stack, workload }: Owner): string | undefined {
  return record.stack === stack && record.workload === workload
    ? undefined
    : `is a record of ${record.workload} in the stack ${record.stack}`;
}

function chainProblem(record: EvidenceRecord, before: Chain): string | undefined {
  return record.previous === hashOfLast(before) && record.sequence === lengthOf(before) + 1
    ? undefined
    : "does not follow the one before it: it was changed, or one was taken out";
}

/** Records from before signing was begun stay readable; after the first signed one each has to be. */
function signatureProblem(signature: Signature, before: readonly SealedRecord[]): string | undefined {
  if (signature === "wrong") return "has a signature that does not belong to it: it was changed";
  return typeof signature === "string" && before.some(({ record }) => record.signedBy !== undefined)
    ? "follows signed ones and is not signed by a key that counts: it was put in, or its key is missing in clawforce:evidence.trustedKeys"
    : undefined;
}

export function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}
