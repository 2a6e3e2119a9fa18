import { createHash } from "node:crypto";
import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parsedJson } from "../config/json.ts";
import { type Envelope, type NamedKey, type Signature, seal, unseal } from "./envelope.ts";
import { EvidenceKeys } from "./keys.ts";
import type { EvidenceEntry, EvidenceRecord, ReadRecord } from "./records.ts";
import { recordOf, statementOf } from "./statement.ts";

const first = "0".repeat(64);

/** Folder of one workload's records and locks. */
export function workloadFolder(directory: string, stack: string, workload: string): string {
  return join(directory, stack, workload);
}

/**
 * The append-only records of one workload. A line is a DSSE envelope with an in-toto Statement; each record has the
 * SHA-256 of the line before, so that a line that was changed, taken out or put in shows. With a signing key each line
 * is signed, so that the last one shows it too. A line cut off by a kill is told apart from a broken chain and passed
 * over.
 */
export class EvidenceLog {
  readonly file: string;
  readonly folder: string;
  readonly #owner: Owner;
  readonly #keys: EvidenceKeys;

  constructor(
    directory: string,
    stack: string,
    workload: string,
    keys: EvidenceKeys = new EvidenceKeys({ trustedKeys: [] }),
  ) {
    this.folder = workloadFolder(directory, stack, workload);
    this.file = join(this.folder, "records.jsonl");
    this.#owner = { stack, workload };
    this.#keys = keys;
  }

  async read(): Promise<ReadRecord[]> {
    return (await this.readSealed()).map(({ record }) => record);
  }

  /** The records together with what they were read from, for those who verify them again. */
  async readSealed(): Promise<SealedRecord[]> {
    return this.#parse(await this.#text()).sealed;
  }

  async append(entry: EvidenceEntry): Promise<EvidenceRecord> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const text = await this.#text();
    const { lastLine, sealed } = this.#parse(text);
    const record: EvidenceRecord = {
      ...entry,
      ...this.#owner,
      sequence: sealed.length + 1,
      time: new Date().toISOString(),
      previous: lastLine === undefined ? first : sha256(lastLine),
    };
    const line = JSON.stringify(seal(statementOf(record), this.#keys.signing));
    const handle = await open(this.file, "a", 0o600);
    try {
      const separator = text === "" || text.endsWith("\n") ? "" : "\n";
      await handle.write(`${separator}${line}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return record;
  }

  #parse(text: string): { sealed: SealedRecord[]; lastLine: string | undefined } {
    return parseRecords(text, this.file, this.#owner, this.#keys.trusted);
  }

  async #text(): Promise<string> {
    try {
      return await readFile(this.file, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") {
        return "";
      }
      throw error;
    }
  }
}

/** A record and the envelope that it stands in. */
export interface SealedRecord {
  record: ReadRecord;
  envelope: Envelope;
}

export class EvidenceDamaged extends Error {
  override name = "EvidenceDamaged";
}

interface Owner {
  stack: string;
  workload: string;
}

/** Throws EvidenceDamaged when a record was changed, taken out or put in, or is another workload's. */
export function parseRecords(
  text: string,
  file: string,
  owner: Owner,
  trusted: readonly NamedKey[],
): { sealed: SealedRecord[]; lastLine: string | undefined } {
  const sealed: SealedRecord[] = [];
  let lastLine: string | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const value = line === "" ? undefined : parsedJson(line);
    if (value === undefined) {
      // Empty, or torn: what a kill during the write leaves. The chain goes on from the whole line before it.
      continue;
    }
    const opened = unseal(value, trusted);
    const record = opened && recordOf(opened.statement);
    const problem =
      opened === undefined || record === undefined
        ? "is no record"
        : (ownerProblem(record, owner) ??
          chainProblem(record, lastLine, sealed.length) ??
          signatureProblem(opened.signature, sealed));
    if (problem !== undefined || opened === undefined || record === undefined) {
      throw new EvidenceDamaged(
        `${file}:${index + 1}: the line ${problem}. Put the file back from a copy; without it nothing is known of what ran before.`,
      );
    }
    const { signature, envelope } = opened;
    sealed.push({
      record: typeof signature === "object" ? { ...record, signedBy: signature.by } : record,
      envelope,
    });
    lastLine = line;
  }
  return { sealed, lastLine };
}

function ownerProblem(record: EvidenceRecord, { stack, workload }: Owner): string | undefined {
  return record.stack === stack && record.workload === workload
    ? undefined
    : `is a record of ${record.workload} in the stack ${record.stack}`;
}

function chainProblem(
  record: EvidenceRecord,
  lastLine: string | undefined,
  count: number,
): string | undefined {
  const expected = lastLine === undefined ? first : sha256(lastLine);
  return record.previous === expected && record.sequence === count + 1
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

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
