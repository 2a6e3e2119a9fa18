import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, open, readFile, rename, rm } from "node:fs/promises";
import { basename } from "node:path";
import { leftClaims } from "./append.ts";
import { type Chain, hearsayOf, sha256 } from "./chain.ts";
import { EvidenceFailure } from "./failure.ts";
import type { EvidenceLog } from "./log.ts";
import type { EvidenceRecord, RepairedEntry } from "./records.ts";

/** What a log is worth, as `fleet evidence check` says it. */
export interface Examined {
  chain: Chain;
  /** Lines from the first broken one on: none of them counts. */
  lost: number;
  /** Files with a line that a killed run was about to add and that does not follow: nothing can be added past them. */
  stray: string[];
  /** SHA-256 of the file as it was read. */
  sha256: string;
  /** What it would lose, one phrase each. */
  unproved: string[];
}

/** More would hide what matters. */
const longestList = 40;

export async function examine(log: EvidenceLog): Promise<Examined> {
  const text = await log.text();
  const chain = log.chainIn(text);
  const from = chain.broken?.line;
  const lost = from === undefined ? [] : text.split("\n").slice(from - 1);
  const stray = (await leftClaims(log.file, chain)).filter(({ line }) => !log.wouldFollow(chain, line));
  return {
    chain,
    lost: lost.filter((line) => line !== "").length,
    stray: stray.map(({ file }) => file),
    sha256: sha256(text),
    unproved: unprovedBy(lost.join("\n"), lost.filter((line) => line !== "").length),
  };
}

export function isSick({ chain, stray }: Examined): boolean {
  return chain.broken !== undefined || stray.length > 0;
}

/**
 * Keeps the file aside, whole, and begins a new one with what could be proved and a record of what could not. At no moment
 * is there no log, or half of one.
 *
 * @returns what went on record.
 */
export async function repair(log: EvidenceLog, examined: Examined, now: Date): Promise<RepairedEntry> {
  const stamp = now.toISOString().replaceAll(":", "").replace(/\.\d+/, "");
  const aside = `${log.file}.broken-${stamp}`;
  await copyFile(log.file, aside, constants.COPYFILE_EXCL);
  await durable(aside);
  const entry: RepairedEntry = {
    kind: "repaired",
    file: basename(aside),
    sha256: examined.sha256,
    what: whatIsWrong(examined),
    lost: examined.lost,
    unproved: examined.unproved,
  };
  const lines = [...examined.chain.lines, log.lineAfter(examined.chain, entry).line];
  const next = `${log.file}.begun-${randomUUID()}`;
  try {
    const handle = await open(next, "wx", 0o600);
    try {
      await handle.writeFile(lines.map((line) => `${line}\n`).join(""));
      await handle.sync();
    } finally {
      await handle.close();
    }
    for (const file of [aside, log.file]) {
      if (sha256(await readFile(file, "utf8")) !== examined.sha256) {
        await rm(aside);
        throw new EvidenceFailure(
          `${log.file} has changed meanwhile; nothing was repaired. Wait until nothing writes to it, then run the same again.`,
        );
      }
    }
    await rename(next, log.file);
  } finally {
    await rm(next, { force: true });
  }
  for (const { file } of await leftClaims(log.file, examined.chain)) await rm(file, { force: true });
  return entry;
}

export function whatIsWrong({ chain, stray }: Examined): string {
  return chain.broken === undefined
    ? `${stray.map((file) => basename(file)).join(", ")} did not follow the last line`
    : `line ${chain.broken.line} ${chain.broken.what}`;
}

async function durable(file: string): Promise<void> {
  const handle = await open(file, "r+");
  try {
    await handle.chmod(0o600);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function unprovedBy(text: string, lines: number): string[] {
  const records = hearsayOf(text);
  const unread = lines - records.length;
  const all = new Set(records.flatMap((record) => phrase(record) ?? []));
  const listed = [...all].slice(0, longestList);
  return [
    ...listed,
    ...(all.size > listed.length ? [`${all.size - listed.length} more of the kind`] : []),
    ...(unread > 0 ? [`whatever stands in ${unread} lines that are no records`] : []),
  ];
}

/** What a record would prove, if it were whole. */
function phrase(record: EvidenceRecord): string | undefined {
  switch (record.kind) {
    case "snapshot":
      return `that the ${record.role} snapshot ${record.snapshot.slice(0, 8)} is one of ${record.image}`;
    case "drill":
      return `that the snapshot ${record.snapshot.slice(0, 8)} starts`;
    case "cut-over":
      return record.direction === "forward"
        ? `the release ${record.from}: going back to it, with its snapshot ${record.snapshot.slice(0, 8)}`
        : `the cut-over from ${record.from} to ${record.to}`;
    case "restore":
      return `that its state was set back to the snapshot ${record.snapshot.slice(0, 8)}`;
    case "gate":
    case "verification":
    case "bake":
      return `a ${record.kind} that has ${record.outcome} on ${record.image}`;
    case "default-image":
      return `that new instances get ${record.to}`;
    default:
      return undefined;
  }
}
