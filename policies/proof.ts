import { sameDigest } from "./fleet-facts.ts";
import type { JudgedRecord } from "./signed-records.ts";

/** What a workload must have proved, and on what. */
export interface ProofDemand {
  image: string;
  /** The container that is there: a judgement of another one proves nothing of it. */
  container: string;
  /** Fingerprint of the checks that count. */
  checksHash: string;
  /** Fingerprint of the settings that count; empty: any. */
  settings: string;
  /** What must have followed the verification: seconds, and requests served meanwhile. */
  bake: { length: number; requests: number };
  /** Seconds after which a pass proves nothing any more. */
  longestAge: number;
  /** Whether a pass counts; a failure always does: nobody gains by inventing one. */
  counts: (record: JudgedRecord) => boolean;
}

export type ProofState = "passed" | "failed" | "missing" | "baking" | "stale";

export interface Proof {
  state: ProofState;
  /** What is on record, without a subject: `has passed at …`. */
  what: string;
}

/** A clock that is ahead by more than this makes evidence that never grows old. Milliseconds. */
const clockTolerance = 5 * 60_000;

const judgements = ["gate", "verification", "bake"];

/**
 * Whether the records prove an image. Three outcomes of a check, and only a pass passes; one that did not pass takes back
 * every pass before it.
 * @param now - milliseconds since 1970.
 */
export function proofOf(records: readonly JudgedRecord[], demand: ProofDemand, now: number): Proof {
  const judged = records.filter(
    ({ kind, container, image }) =>
      judgements.includes(kind) && container === demand.container && sameDigest(image, demand.image),
  );
  const lastPass = judged.findLastIndex((record) => isPass(record, demand));
  const failure = judged.slice(lastPass + 1).findLast(({ outcome }) => outcome !== "passed");
  if (failure !== undefined) {
    return {
      state: "failed",
      what: `did not pass: its ${failure.kind} was ${failure.outcome} at ${failure.at}`,
    };
  }
  const verification = judged.findLast((record) => record.kind === "verification" && isPass(record, demand));
  if (verification === undefined) {
    return {
      state: "missing",
      what: "has no verification on record that counts for the container that runs now",
    };
  }
  const proof = mustBake(records, demand) ? bakeOf(judged, demand) : verification;
  if (proof === undefined) {
    return {
      state: "baking",
      what: `has passed at ${verification.at} and has not yet baked for ${bakeText(demand)}`,
    };
  }
  if (proof.time - now > clockTolerance) {
    return { state: "missing", what: `has a pass on record that is dated ahead of now (${proof.at})` };
  }
  const isStale = now - proof.time > demand.longestAge * 1000;
  return isStale
    ? {
        state: "stale",
        what: `has passed at ${proof.at}, longer than ${durationText(demand.longestAge)} ago`,
      }
    : { state: "passed", what: `has passed at ${proof.at}` };
}

function isPass(record: JudgedRecord, { checksHash, settings, counts }: ProofDemand): boolean {
  const isOnThem = settings === "" || record.kind !== "verification" || record.settings === settings;
  return (
    record.kind !== "gate" &&
    record.outcome === "passed" &&
    record.checksHash === checksHash &&
    isOnThem &&
    counts(record)
  );
}

/**
 * What an update has brought forward bakes. Going back never waits, and a first start, whose first record is the first
 * of all, has no version before it to compare with.
 */
function mustBake(records: readonly JudgedRecord[], { image, bake }: ProofDemand): boolean {
  if (bake.length === 0 && bake.requests === 0) return false;
  const arrival = records.findLast(({ kind, direction }) => kind === "cut-over" && direction !== "same");
  if (arrival === undefined) return records.every(({ sequence }) => sequence !== 1);
  return arrival.direction !== "back" || !sameDigest(arrival.image, image);
}

function bakeOf(judged: readonly JudgedRecord[], demand: ProofDemand): JudgedRecord | undefined {
  const lastFailure = judged.findLastIndex(({ outcome }) => outcome !== "passed");
  return judged
    .slice(lastFailure + 1)
    .findLast(
      (record) =>
        record.kind === "bake" &&
        isPass(record, demand) &&
        record.seconds >= demand.bake.length &&
        record.served >= demand.bake.requests,
    );
}

/**
 * The releases that a workload has passed on, oldest first. Going back to one takes all after it off again: what was
 * left is no release to go to without a canary.
 */
export function passedReleases(
  records: readonly JudgedRecord[],
  counts: (record: JudgedRecord) => boolean,
): string[] {
  const releases: string[] = [];
  for (const record of records.filter(counts)) {
    const passed = record.kind === "verification" && record.outcome === "passed";
    const wentBack = record.kind === "cut-over" && record.direction === "back";
    if (!passed && !wentBack) continue;
    const place = releases.findIndex((release) => sameDigest(release, record.image));
    if (place >= 0) releases.splice(place + 1);
    else if (passed) releases.push(record.image);
  }
  return releases;
}

function bakeText({ bake }: ProofDemand): string {
  const length = durationText(bake.length);
  return bake.requests > 0 ? `${length} with ${bake.requests} requests` : length;
}

const units = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
] as const;

/** Seconds in the largest unit that takes them whole: `90s`, `30m`, `14d`. */
export function durationText(seconds: number): string {
  const [unit, length] = units.find(([, each]) => seconds >= each && seconds % each === 0) ?? ["s", 1];
  return `${seconds / length}${unit}`;
}
