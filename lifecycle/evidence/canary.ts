import { formatDuration } from "../../config/units.ts";
import { sameDigest } from "./move.ts";
import type { BakeEntry, GateEntry, ReadRecord, VerificationEntry } from "./records.ts";

/** A workload that must have proved an image: what is on record of it, and what is there now. */
export interface Witness {
  name: string;
  /** Its own records, oldest first. Those of another workload speak of another container and count for nothing. */
  records: readonly ReadRecord[];
  /** Why its records prove nothing, as a phrase; undefined: they are whole. */
  without?: string;
  /** The container that was found; undefined when there is none. */
  observed: { id: string; image: string } | undefined;
  /** Hash of the checks that the configuration has for it now; undefined counts every check (records of old). */
  checks: string | undefined;
}

/** A workload of which nothing is known. */
export function unseen(name: string): Witness {
  return { name, records: [], observed: undefined, checks: undefined };
}

export interface Demand {
  /** The image that is to be proved, with its digest. */
  image: string;
  /** What must have followed the verification: seconds, and requests served meanwhile. */
  bake?: { length: number; requests: number } | undefined;
  /** Whether only records count that a trusted key has signed. */
  onlySigned?: boolean;
  /** Seconds after which a pass proves nothing any more; default: never. */
  longestAge?: number | undefined;
}

export type CanaryState = "passed" | "failed" | "missing" | "stale" | "baking";

export interface CanaryVerdict {
  state: CanaryState;
  /** Why, in one sentence that begins with the workload's name. */
  sentence: string;
  /** Its records prove nothing at all, whatever it runs. */
  unreadable?: true;
}

/** A judgement of one container, whatever kind of record it stands in. */
type Judged = ReadRecord & (GateEntry | VerificationEntry | BakeEntry);

/** A clock that is ahead by more than this makes evidence that never grows old. Milliseconds. */
const clockTolerance = 5 * 60_000;

/** From what stands in the way the most to what does not. */
const severity: readonly CanaryState[] = ["failed", "missing", "stale", "baking", "passed"];

/** Whether all of the workloads have proved the image: the verdict of the one that is farthest from it. */
export function canaryVerdict(witnesses: readonly Witness[], demand: Demand, now: Date): CanaryVerdict {
  const verdicts = witnesses.map((witness) => witnessVerdict(witness, demand, now));
  const worst = verdicts.toSorted((a, b) => severity.indexOf(a.state) - severity.indexOf(b.state))[0];
  return worst ?? { state: "missing", sentence: "No workload has run this image yet." };
}

/**
 * Evidence counts for the digest that is asked for, the container that is there and the checks that the configuration
 * has; a judgement that did not pass takes back every pass before it.
 */
export function witnessVerdict(witness: Witness, demand: Demand, now: Date): CanaryVerdict {
  const { name, observed, without } = witness;
  const says = (state: CanaryState, sentence: string): CanaryVerdict => ({
    state,
    sentence: `${name} ${sentence}`,
  });
  if (without !== undefined) return { ...says("missing", `proves nothing: ${without}.`), unreadable: true };
  if (observed === undefined) return says("missing", "has no container: nothing proves the image.");
  if (!sameDigest(observed.image, demand.image)) {
    return says("missing", `does not run this image: it runs ${observed.image}.`);
  }
  const judged = judgedNow(witness, demand);
  const lastGood = judged.findLastIndex((each) => isGood(each, witness, demand));
  const failure = judged.slice(lastGood + 1).findLast(({ outcome }) => outcome !== "passed");
  if (failure !== undefined) {
    return says("failed", `did not pass: its ${failure.kind} was ${failure.outcome} at ${failure.time}.`);
  }
  const pass = judged.findLast((each) => each.kind === "verification" && isGood(each, witness, demand));
  if (pass === undefined) return says("missing", missingBecause(judged));
  const proof = mustBake(witness, demand) ? bakeOf(witness, demand) : pass;
  if (proof === undefined) {
    return says("baking", `has passed at ${pass.time} and has not yet baked for ${bakeText(demand.bake)}.`);
  }
  const age = (now.getTime() - Date.parse(proof.time)) / 1000;
  if (!(age >= -clockTolerance / 1000)) {
    return says(
      "missing",
      `has a pass on record that is dated ahead of now (${proof.time}): it counts for nothing.`,
    );
  }
  if (demand.longestAge !== undefined && age > demand.longestAge) {
    return says(
      "stale",
      `has passed ${formatDuration(Math.round(age))} ago (${proof.time}), longer than ${formatDuration(demand.longestAge)}: verify it again.`,
    );
  }
  return says("passed", `has passed at ${proof.time} on the container that runs now.`);
}

function missingBecause(judged: readonly Judged[]): string {
  return judged.some(({ kind, outcome }) => kind === "verification" && outcome === "passed")
    ? "was verified by other checks than the configuration has now, or nobody has signed the record: `pulumi up` verifies it again."
    : "has no verification on record of the container that runs now: run `pulumi up`.";
}

/**
 * Only what an update has brought forward to this image bakes, also in a container that was made anew since. A first start
 * has no version before it to compare with, and going back never waits.
 */
export function mustBake({ records }: Pick<Witness, "records">, { image, bake }: Demand): boolean {
  const arrival = records.findLast((record) => record.kind === "cut-over" && record.direction !== "same");
  return (
    bake !== undefined &&
    arrival?.kind === "cut-over" &&
    (arrival.direction === "forward" || arrival.direction === "change") &&
    sameDigest(arrival.to, image)
  );
}

/** Whether it has baked as long, and under as much traffic, as it must, and nothing has failed since. */
export function hasBaked(witness: Witness, demand: Demand): boolean {
  return bakeOf(witness, demand) !== undefined;
}

function bakeOf(witness: Witness, demand: Demand): Judged | undefined {
  const { length, requests } = demand.bake ?? { length: 0, requests: 0 };
  const judged = judgedNow(witness, demand);
  const lastFailure = judged.findLastIndex(({ outcome }) => outcome !== "passed");
  return judged
    .slice(lastFailure + 1)
    .findLast(
      (each) =>
        each.kind === "bake" &&
        isGood(each, witness, demand) &&
        each.seconds >= length &&
        (each.requests?.served ?? 0) >= requests,
    );
}

/** The judgements of the container that is there, on the image that is asked for. */
function judgedNow({ records, observed }: Witness, { image }: Demand): Judged[] {
  return judgementsOf(records).filter(
    (each) => each.container === observed?.id && sameDigest(each.image, image),
  );
}

/** A pass by the checks of now. A bake is one too: it repeats the verification. */
function isGood(each: Judged, { checks }: Witness, demand: Demand): boolean {
  return (
    each.kind !== "gate" &&
    each.outcome === "passed" &&
    counts(each, demand) &&
    (checks === undefined || each.checksHash === checks)
  );
}

/** A judgement that did not pass counts whoever wrote it: nobody gains by inventing one. */
function counts({ signedBy }: Judged, { onlySigned = false }: Demand): boolean {
  return !onlySigned || signedBy !== undefined;
}

function bakeText(bake: Demand["bake"]): string {
  const length = formatDuration(bake?.length ?? 0);
  return bake !== undefined && bake.requests > 0 ? `${length} with ${bake.requests} requests` : length;
}

function judgementsOf(records: readonly ReadRecord[]): Judged[] {
  return records.filter(
    (record): record is Judged =>
      record.kind === "gate" || record.kind === "verification" || record.kind === "bake",
  );
}
