import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, link, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parsedJson } from "../../config/json.ts";
import { type Chain, lengthOf } from "./chain.ts";
import { EvidenceFailure } from "./failure.ts";

/** The end of a file of lines, as far as it has to be read. */
export interface Tail {
  /** How many records the file has: the number of the last one. */
  length: number;
  /** Bytes of the file. */
  size: number;
  /** Whether the last line ends as a line does. */
  ends: boolean;
}

export interface Lines<T extends Tail> {
  file: string;
  /** Reads the end of the file. */
  tail: (handle: FileHandle) => Promise<T>;
  /** The next record as a line, without its end. */
  next: (tail: T) => string;
  /** Throws when a line does not continue the records. */
  mustFollow: (tail: T, line: string, file: string) => void;
}

/** One line that is to be written, and where: whoever finds it writes it to its end. */
interface Claim {
  offset: number;
  text: string;
}

/** Nobody waits for a process; this is for a folder whose clients do not see each other's files. Milliseconds. */
const patience = 60_000;
/** Older than this is what a killed process has begun. Milliseconds. */
const forgotten = 3_600_000;

/**
 * Appends a line so that any number of processes, on any number of machines that share the folder, may do the same at the
 * same time, and may be killed at any moment. There is no lock that a dead process could keep. The place behind the last record
 * goes to whoever links a claim under its number, which only one can; the claim has the line and its offset, so that the
 * next one who comes writes what a killed one has claimed. The same bytes at the same place twice change nothing.
 *
 * @returns the tail that the line was made for.
 */
export async function appendLine<T extends Tail>(lines: Lines<T>): Promise<T> {
  const until = Date.now() + patience;
  for (let attempt = 0; Date.now() < until; attempt += 1) {
    const handle = await open(lines.file, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      const tail = await lines.tail(handle);
      if (attempt === 0) await sweep(lines.file, tail.length);
      const claimed = await claimFor(lines, tail);
      if (claimed === undefined) {
        await help(lines, handle, tail.length + 1);
      } else if (await carryOut(lines, handle, tail, claimed)) {
        return tail;
      }
    } finally {
      await handle.close();
    }
    // Those who come together by chance shall not meet each time.
    await sleep(Math.random() * Math.min(attempt, 20));
  }
  throw new EvidenceFailure(
    `${lines.file}: no record could be added within ${patience / 1000} s, because others were added all the time. Find out which processes write to it. Then run the same again.`,
  );
}

/** Undefined when the place belongs to another one. */
async function claimFor<T extends Tail>(lines: Lines<T>, tail: T): Promise<Claim | undefined> {
  const claim = { offset: tail.size, text: `${tail.ends ? "" : "\n"}${lines.next(tail)}\n` };
  const own = `${lines.file}.begun-${randomUUID()}`;
  try {
    // Durable before it has its name: a claim that nobody can read would close the log.
    await writeFile(own, JSON.stringify(claim), { mode: 0o600, flush: true });
    await link(own, claimFile(lines.file, tail.length + 1));
    return claim;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Over a network the answer to a link that was made can be lost.
    if (code === "EEXIST") return (await stat(own)).nlink > 1 ? claim : undefined;
    // The own one can be swept away by one whose clock is ahead.
    if (code === "ENOENT") return undefined;
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

/** False when the place was taken before it was claimed: then the claim is withdrawn, and nothing was written. */
async function carryOut<T extends Tail>(
  lines: Lines<T>,
  handle: FileHandle,
  tail: T,
  claim: Claim,
): Promise<boolean> {
  const isOurs =
    (await handle.stat()).size === tail.size ||
    (await stands(handle, claim)) ||
    (await lines.tail(handle)).length === tail.length;
  if (isOurs) await write(handle, claim);
  await rm(claimFile(lines.file, tail.length + 1), { force: true });
  return isOurs;
}

/** Writes what somebody else has claimed, who may be dead. */
async function help<T extends Tail>(lines: Lines<T>, handle: FileHandle, number: number): Promise<void> {
  const file = claimFile(lines.file, number);
  const claim = await claimIn(file);
  if (claim === undefined) return;
  // A claim that came too late is no longer the next one by now, and is left to be withdrawn.
  const tail = await lines.tail(handle);
  if (tail.length + 1 !== number) return;
  lines.mustFollow(tail, claim.text.trim(), file);
  await write(handle, claim);
  await rm(file, { force: true });
}

/** Undefined when it is gone. */
async function claimIn(file: string): Promise<Claim | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const { offset = 0, text: line = "" } = (parsedJson(text) ?? {}) as Partial<Claim>;
  return { offset, text: line };
}

async function write(handle: FileHandle, { offset, text }: Claim): Promise<void> {
  const bytes = Buffer.from(text);
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, offset + done);
    done += bytesWritten;
  }
  await handle.sync();
}

/** Whether a claimed line is there already, whoever wrote it. Its end may still be on its way. */
async function stands(handle: FileHandle, { offset, text }: Claim): Promise<boolean> {
  const bytes = Buffer.from(text.trimEnd());
  const { buffer } = await handle.read(Buffer.alloc(bytes.length), 0, bytes.length, offset);
  return buffer.equals(bytes);
}

/** Lines that killed processes were about to add behind the last record. */
export async function leftClaims(file: string, chain: Chain): Promise<{ file: string; line: string }[]> {
  const next = claimFile(file, lengthOf(chain) + 1);
  const claim = await claimIn(next);
  return claim === undefined ? [] : [{ file: next, line: claim.text.trim() }];
}

/** What killed processes have left beside the file. */
async function sweep(file: string, length: number): Promise<void> {
  const folder = dirname(file);
  const prefix = `${basename(file)}.`;
  for (const name of (await readdir(folder)).filter((each) => each.startsWith(prefix))) {
    const rest = name.slice(prefix.length);
    const number = /^append-(\d+)$/.exec(rest)?.[1];
    const isOver =
      number !== undefined
        ? Number(number) <= length
        : rest.startsWith("begun-") && (await ageOf(join(folder, name))) > forgotten;
    if (isOver) await rm(join(folder, name), { force: true });
  }
}

async function ageOf(file: string): Promise<number> {
  try {
    return Date.now() - (await stat(file)).mtimeMs;
  } catch {
    return 0;
  }
}

function claimFile(file: string, number: number): string {
  return `${file}.append-${number}`;
}
