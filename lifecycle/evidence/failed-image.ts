import { shortReference } from "../../config/image-reference.ts";
import { type Move, sameDigest } from "./move.ts";
import type { EvidenceRecord } from "./records.ts";
import type { Refusal } from "./refusal.ts";

/** A judgement of an image that did not pass, and that nothing has taken back since. */
export interface FailedImage {
  workload: string;
  /** "rehearsal", "gate", "verification", "bake" */
  kind: string;
  time: string;
  sequence: number;
}

/**
 * The newest word of a workload's records on an image, where it is that it failed. A later pass takes it back, and so does
 * an operator who forgives it. What came to no result is no failure.
 */
export function failureOf(records: readonly EvidenceRecord[], image: string): FailedImage | undefined {
  const last = records.findLast((record) => isWordOn(record, image));
  const hasFailed = last !== undefined && "outcome" in last && last.outcome === "failed";
  return hasFailed
    ? { workload: last.workload, kind: last.kind, time: last.time, sequence: last.sequence }
    : undefined;
}

function isWordOn(record: EvidenceRecord, image: string): boolean {
  switch (record.kind) {
    case "rehearsal":
    case "gate":
    case "verification":
    case "bake":
      return record.outcome !== "inconclusive" && sameDigest(record.image, image);
    case "forgiven":
      return sameDigest(record.image, image);
    default:
      return false;
  }
}

/**
 * Whose failure keeps a workload from an image: that of any other one which is not to run it any more. One that is to run
 * it is tried again in this update, as is the workload itself: one after the other, and the first that fails ends it.
 *
 * @returns asks it of a move. Each image is looked for once: a wave wants one of them many times.
 */
export function failuresElsewhere(
  all: readonly { wanted: string; records: readonly EvidenceRecord[] }[],
): (move: Move) => FailedImage | undefined {
  const known = new Map<string, FailedImage | undefined>();
  return (move) => {
    if (move.kind !== "forward") return undefined;
    const { to } = move;
    if (!known.has(to)) {
      const others = all.filter(({ wanted }) => !sameDigest(wanted, to));
      const found = others.map(({ records }) => failureOf(records, to)).find((each) => each !== undefined);
      known.set(to, found);
    }
    return known.get(to);
  };
}

export function failedElsewhere(
  { workload, kind, time, sequence }: FailedImage,
  wanted: string,
  stack: string,
): Refusal {
  return {
    kind: "failed elsewhere",
    why: `${shortReference(wanted)} did not pass its ${kind} on ${workload} at ${time} (its record ${sequence})`,
    remedy:
      `Choose another version, or make ${workload} pass with this one first. If that failure says nothing of the version: ` +
      `\`fleet forgive --stack ${stack} --image ${wanted} --because "…"\`.`,
    ...{ wanted, moves: true, untouched: false },
  };
}
