import { createHash } from "node:crypto";
import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { EvidenceEntry, EvidenceRecord } from "./records.ts";

const first = "0".repeat(64);

/** Folder of one workload's records and locks. */
export function workloadFolder(directory: string, stack: string, workload: string): string {
  return join(directory, stack, workload);
}

/**
 * The append-only records of one workload: JSON lines, each with the SHA-256 of the line before, so that a line that
 * was changed or taken out shows. A line cut off by a kill is told apart from a broken chain and passed over.
 */
export class EvidenceLog {
  readonly file: string;
  readonly folder: string;

  constructor(directory: string, stack: string, workload: string) {
    this.folder = workloadFolder(directory, stack, workload);
    this.file = join(this.folder, "records.jsonl");
  }

  async read(): Promise<EvidenceRecord[]> {
    return parseRecords(await this.#text(), this.file).records;
  }

  async append(entry: EvidenceEntry): Promise<EvidenceRecord> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const text = await this.#text();
    const { lastLine, records } = parseRecords(text, this.file);
    const record: EvidenceRecord = {
      ...entry,
      sequence: records.length + 1,
      time: new Date().toISOString(),
      previous: lastLine === undefined ? first : sha256(lastLine),
    };
    const handle = await open(this.file, "a", 0o600);
    try {
      const separator = text === "" || text.endsWith("\n") ? "" : "\n";
      await handle.write(`${separator}${JSON.stringify(record)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return record;
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

export class EvidenceDamaged extends Error {
  override name = "EvidenceDamaged";
}

/** Throws EvidenceDamaged when a record was changed, taken out or put in. */
export function parseRecords(
  text: string,
  file: string,
): { records: EvidenceRecord[]; lastLine: string | undefined } {
  const records: EvidenceRecord[] = [];
  let lastLine: string | undefined;
  const lines = text.split("\n");
  for (const [index, line] of lines.entries()) {
    if (line === "") {
      continue;
    }
    const record = parseLine(line);
    if (record === undefined) {
      // A torn line is what a kill during the write leaves; the chain goes on from the whole line before it.
      continue;
    }
    const expected = lastLine === undefined ? first : sha256(lastLine);
    if (record.previous !== expected || record.sequence !== records.length + 1) {
      throw new EvidenceDamaged(
        `${file}:${index + 1}: the record does not follow the one before it: it was changed, or one was taken out. ` +
          "Put the file back from a copy; without it nothing is known of what ran before.",
      );
    }
    records.push(record);
    lastLine = line;
  }
  return { records, lastLine };
}

function parseLine(line: string): EvidenceRecord | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as EvidenceRecord) : undefined;
  } catch {
    return undefined;
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
