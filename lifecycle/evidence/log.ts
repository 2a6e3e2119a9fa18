import { type FileHandle, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { appendLine, type Tail } from "./append.ts";
import {
  type Chain,
  chainOf,
  followsOn,
  hashOfLast,
  lengthOf,
  type Owner,
  type SealedRecord,
} from "./chain.ts";
import { seal } from "./envelope.ts";
import { EvidenceDamaged } from "./failure.ts";
import { EvidenceKeys } from "./keys.ts";
import type { EvidenceEntry, EvidenceRecord, ReadRecord } from "./records.ts";
import { statementOf } from "./statement.ts";

/** Bytes of the end of a log that are verified before a line is added to it: some dozens of records. */
const window = 64 * 1024;

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

  /** @throws EvidenceDamaged when a record was changed, taken out or put in, or is another workload's. */
  async read(): Promise<ReadRecord[]> {
    return (await this.readSealed()).map(({ record }) => record);
  }

  /** The records together with what they were read from, for those who verify them again. */
  async readSealed(): Promise<SealedRecord[]> {
    return this.#whole(this.chainIn(await this.text())).sealed;
  }

  /** What the text of this log proves, whole or not. */
  chainIn(text: string): Chain {
    return chainOf(text, this.#owner, this.#keys.trusted);
  }

  /** Whether a line is the next record. */
  wouldFollow(chain: Chain, line: string): boolean {
    return followsOn(chain, line, this.#owner, this.#keys.trusted);
  }

  /** An entry as the record that it is after these, and the line that it stands in. */
  lineAfter(chain: Chain, entry: EvidenceEntry): { line: string; record: EvidenceRecord } {
    const record: EvidenceRecord = {
      ...entry,
      ...this.#owner,
      sequence: lengthOf(chain) + 1,
      time: new Date().toISOString(),
      previous: hashOfLast(chain),
    };
    return { line: JSON.stringify(seal(statementOf(record), this.#keys.signing)), record };
  }

  /** May be called by any number of processes at once. Verifies the end of the log only. */
  async append(entry: EvidenceEntry): Promise<EvidenceRecord> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    let appended: EvidenceRecord | undefined;
    await appendLine<LogTail>({
      file: this.file,
      tail: (handle) => this.#tail(handle),
      next: ({ chain }) => {
        const { line, record } = this.lineAfter(chain, entry);
        appended = record;
        return line;
      },
      mustFollow: ({ chain }, line, file) => {
        if (this.wouldFollow(chain, line)) return;
        throw new EvidenceDamaged(
          `${file}: a run that was killed has left this line to be added, and it does not follow the last one of ${this.file}`,
        );
      },
    });
    return appended as EvidenceRecord;
  }

  /** Of a long log only so much that a whole record is among it. */
  async #tail(handle: FileHandle): Promise<LogTail> {
    const { size } = await handle.stat();
    for (let length = window; ; length *= 8) {
      const from = Math.max(0, size - length);
      const text = await textBetween(handle, from, size);
      if (from === 0) {
        const chain = this.#whole(chainOf(text, this.#owner, this.#keys.trusted));
        return { chain, length: lengthOf(chain), size, ends: text === "" || text.endsWith("\n") };
      }
      const lines = text.slice(text.indexOf("\n") + 1);
      const chain = this.#whole(chainOf(lines, this.#owner, this.#keys.trusted, "anywhere"), "end");
      if (chain.lines.length > 0) {
        return { chain, length: lengthOf(chain), size, ends: text.endsWith("\n") };
      }
    }
  }

  /** @throws EvidenceDamaged */
  #whole(chain: Chain, part: "log" | "end" = "log"): Chain {
    if (chain.broken === undefined) return chain;
    const { line, what } = chain.broken;
    throw new EvidenceDamaged(
      part === "log" ? `${this.file}:${line}: the line ${what}` : `${this.file}: a line at its end ${what}`,
    );
  }

  /** @throws EvidenceDamaged when it is there and cannot be read. */
  async text(): Promise<string> {
    try {
      return await readFile(this.file, "utf8");
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "unknown";
      if (code === "ENOENT") return "";
      throw new EvidenceDamaged(`${this.file} cannot be read (${code})`);
    }
  }
}

async function textBetween(handle: FileHandle, from: number, to: number): Promise<string> {
  if (from === to) return "";
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(to - from), 0, to - from, from);
  return buffer.toString("utf8", 0, bytesRead);
}

/** The end of a log: the records that were read of it. */
interface LogTail extends Tail {
  chain: Chain;
}
