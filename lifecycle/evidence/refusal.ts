import { shortReference } from "../../config/image-reference.ts";
import { isLowerVersion } from "../../config/version-order.ts";
import { lastImage, type Move, sameDigest } from "./move.ts";
import type { EvidenceRecord } from "./records.ts";

/** Why a workload stays as it is, whatever the configuration wants of it. Nothing is done to it, and the others go on. */
export interface Refusal {
  kind:
    | "damaged records"
    | "lost records"
    | "unknown way back"
    | "canary"
    | "another canary first"
    | "failed elsewhere";
  /** What is wrong, as a phrase: "its records are damaged: …". */
  why: string;
  /** What to do, in sentences. */
  remedy: string;
  /** The image that the configuration wants. */
  wanted: string;
  /** Whether it would have to move. */
  moves: boolean;
  /** Nothing at all is done to it: without its records nothing could be put on record. */
  untouched: boolean;
}

export interface RefusalFacts {
  stack: string;
  name: string;
  /** Where its records are. */
  file: string;
  /** The image of its container, or of one that an interrupted update has removed. */
  running: string | undefined;
  /** Its container was made by this stack. */
  isOurs: boolean;
  wanted: string;
  /** The configuration orders its state set back, and that was not done. */
  isOrdered: boolean;
  records: readonly EvidenceRecord[];
  /** The same with what an interrupted update has left open. */
  known: readonly EvidenceRecord[];
  /** What is wrong with its records, and what to do about it. */
  damaged: { what: string; remedy: string } | undefined;
  move: Move;
}

/** Undefined: it may move. */
export function refusalOf(facts: RefusalFacts): Refusal | undefined {
  const { stack, name, file, running, wanted, records, known, damaged, move } = facts;
  const moves = facts.isOrdered || running === undefined || !sameDigest(running, wanted);
  if (damaged !== undefined) {
    const why = `its records are damaged: ${damaged.what}`;
    return { kind: "damaged records", why, remedy: damaged.remedy, wanted, moves, untouched: true };
  }
  if (facts.isOurs && records.length === 0) {
    return {
      kind: "lost records",
      why: `its records are missing: this stack has made its container, and there is nothing in ${file}`,
      remedy:
        "Put the folder back from its copy to where clawforce:evidence.directory says. If there is no copy: " +
        `\`fleet evidence begin --stack ${stack} --workload ${name} --because "…"\`.`,
      ...{ wanted, moves, untouched: true },
    };
  }
  if (isLowering(move, known) && move.restore === undefined) {
    return {
      kind: "unknown way back",
      why: "it would go back to a version that its records do not know, so they know no snapshot of it",
      remedy:
        "If some of its records are missing, put them back from their copy. Or name the snapshot that its state is to be set back to (docs/rollback.md).",
      ...{ wanted, moves, untouched: false },
    };
  }
  return undefined;
}

/**
 * Whether a move goes back to a version without knowing a release of it. A release that is on record is gone back to with
 * its snapshot; any other older version would start on a newer state.
 */
export function isLowering(
  move: Move,
  records: readonly EvidenceRecord[],
): move is Extract<Move, { kind: "forward" }> {
  if (move.kind !== "forward" || isStillFirst(records)) return false;
  return isLowerVersion(move.to, move.from) || (isCut(records, move.from) && hasRun(records, move.to));
}

/** It has begun and never come through its gate: there is no state yet that an older version could not read. */
function isStillFirst(records: readonly EvidenceRecord[]): boolean {
  const came = records.some(
    (record) =>
      record.kind === "cut-over" ||
      record.kind === "repaired" ||
      (record.kind === "gate" && record.outcome === "passed") ||
      (record.kind === "begun" && record.container !== undefined),
  );
  return !came && records.some(({ kind }) => kind === "begun");
}

/** Records are missing between what they knew last and what runs: what they know to have run is older. */
function isCut(records: readonly EvidenceRecord[], running: string): boolean {
  const last = lastImage(records);
  return records.some(({ kind }) => kind === "repaired") && last !== undefined && !sameDigest(last, running);
}

function hasRun(records: readonly EvidenceRecord[], image: string): boolean {
  return records.some((record) => {
    const ran =
      record.kind === "cut-over" ? [record.from, record.to] : record.kind === "gate" ? [record.image] : [];
    return ran.some((each) => sameDigest(each, image));
  });
}

/** Why a workload waits that would follow a canary which stays as it is. */
export function behindCanary(canary: string, wanted: string): Refusal {
  return {
    kind: "canary",
    why: `its canary ${canary} stays as it is and proves nothing`,
    remedy: `It goes on once ${canary} does.`,
    ...{ wanted, moves: true, untouched: false },
  };
}

/** Why a canary waits for that of another group: the image is new to both. */
export function behindOtherCanary(first: string, wanted: string, stack: string): Refusal {
  return {
    kind: "another canary first",
    why: `${first} goes to ${shortReference(wanted)} first and has not passed on it yet`,
    remedy: `Once ${first} has passed, the next update takes it along: \`fleet update --stack ${stack}\`.`,
    ...{ wanted, moves: true, untouched: false },
  };
}

/** A refusal as one line, for a plan or a failure. */
export function refusalText(name: string, { kind, why, remedy, moves }: Refusal): string {
  const verdict = kind === "another canary first" ? "waits: " : moves ? "refused: " : "";
  return `${name}: ${verdict}${why}. It stays as it is. ${remedy}`;
}

/** Whether the container that is there was made before these records began, or before lines of them were lost. */
export function isFromBefore(records: readonly EvidenceRecord[]): boolean {
  const since = sinceTheyBegan(records);
  return since !== undefined && !since.some(({ kind }) => kind === "cut-over");
}

/** ISO 8601: when they began anew, as long as no gate has judged what runs since; nothing proves anything of it until then. */
export function unjudgedSince(records: readonly EvidenceRecord[]): string | undefined {
  const since = sinceTheyBegan(records) ?? [];
  return since.some(({ kind }) => kind === "gate") ? undefined : since[0]?.time;
}

/** Undefined where they go back to a first start without a gap. */
function sinceTheyBegan(records: readonly EvidenceRecord[]): readonly EvidenceRecord[] | undefined {
  const began = records.findLastIndex(
    (record) => record.kind === "repaired" || (record.kind === "begun" && record.container !== undefined),
  );
  return began < 0 ? undefined : records.slice(began);
}
