import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { sameDigest } from "./fleet-facts.ts";
import { parsedJson } from "./json.ts";
import { type EvidenceOwner, type Glance, glanceAt, type JudgedRecord } from "./signed-records.ts";

/** For the setting `evidenceDirectory` of a rule. */
export const evidenceDirectorySchema = {
  type: "string" as const,
  pattern: "^/",
  description:
    "The folder of `clawforce:evidence.directory` on the machine that updates: the records in it are judged too, whatever the program hands on",
};

/** The kinds of records that rules judge by. */
const judgedKinds = ["cut-over", "gate", "verification", "bake", "rehearsal", "begun"];

/** Of each kind and each image: a verdict rests on the newest ones, and the program hands on as many. */
const newest = 3;

/** What stands in the log of a workload. */
export interface LoggedRecords {
  /** Envelopes of those that a verdict about these images can rest on, in the order of the log. */
  entries: readonly Glance[];
  /** Sequence of the newest of all its records; 0: there is none. */
  length: number;
  /** Line that does not follow the one before it; what comes after it was not read. */
  broken?: number;
}

/** When this pack was started. What a run writes after that is none of what its program could have handed on. */
function startOfRun(): number {
  return Date.now() - performance.now();
}

/** The evidence directory of the machine that updates, as the pack's own configuration names it. */
export class EvidenceFolder {
  readonly #directory: string;
  readonly #until: number;

  /** @param until - milliseconds since 1970; later records are passed over. */
  constructor(directory: string, until: number = startOfRun()) {
    this.#directory = directory;
    this.#until = until;
  }

  /** Why it can't be read, as a phrase; undefined: it can. */
  get problem(): string | undefined {
    try {
      readdirSync(this.#directory);
      return undefined;
    } catch (error) {
      return error instanceof Error && "code" in error && error.code === "ENOENT"
        ? "is not there"
        : "can't be read";
    }
  }

  /** @returns undefined where the log can't be read. */
  recordsOf({ stack, workload }: EvidenceOwner, images: readonly string[]): LoggedRecords | undefined {
    // A name out of a program must not lead to another folder.
    if (![stack, workload].every((name) => /^[A-Za-z0-9][\w.-]*$/.test(name))) return undefined;
    const log = logIn(join(this.#directory, stack, workload, "records.jsonl"));
    return log === undefined ? undefined : this.#kept(log, images);
  }

  #kept({ entries: all, ...log }: LoggedRecords, images: readonly string[]): LoggedRecords {
    const entries = all.filter(({ record }) => record.time <= this.#until);
    const kept = new Set<Glance>();
    for (const kind of judgedKinds) {
      const ofKind = entries.filter(({ record }) => record.kind === kind);
      const last = ofKind.at(-1);
      if (last !== undefined) kept.add(last);
      for (const image of images)
        for (const each of ofKind.filter(({ record }) => speaksOf(record, image)).slice(-newest))
          kept.add(each);
    }
    return { ...log, entries: entries.filter((each) => kept.has(each)) };
  }
}

function speaksOf({ image }: JudgedRecord, wanted: string): boolean {
  return wanted !== "" && sameDigest(image, wanted);
}

/** What a file had in it, and by what it is known to be the same. */
interface ReadFile {
  stamp: string;
  log: LoggedRecords;
}

/** By their paths: each rule about the fleet asks for the same ones, and reading one takes time. */
const files = new Map<string, ReadFile>();

/** All of a log, empty where there is none yet; read anew only when its file has changed. */
function logIn(path: string): LoggedRecords | undefined {
  try {
    const { ino, size, mtimeMs } = statSync(path);
    const stamp = `${ino} ${size} ${mtimeMs}`;
    const known = files.get(path);
    if (known?.stamp === stamp) return known.log;
    const log = logOf(readFileSync(path, "utf8"));
    files.set(path, { stamp, log });
    return log;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOENT" ? noLog : undefined;
  }
}

const noLog: LoggedRecords = { entries: [], length: 0 };

function logOf(text: string): LoggedRecords {
  const entries: Glance[] = [];
  let before = "0".repeat(64);
  for (const [index, line] of text.split("\n").entries()) {
    const value = parsedJson(line);
    // What a kill during the write leaves. The chain goes on from the whole line before it.
    if (value === undefined) continue;
    const glance = glanceAt(value);
    if (glance === undefined || glance.previous !== before)
      return { entries, length: lengthOf(entries), broken: index + 1 };
    entries.push(glance);
    before = createHash("sha256").update(line).digest("hex");
  }
  return { entries, length: lengthOf(entries) };
}

function lengthOf(entries: readonly Glance[]): number {
  return entries.at(-1)?.record.sequence ?? 0;
}
