import {
  changedLater,
  differences,
  learned,
  type Made,
  ownFingerprint,
  sharedFingerprint,
  triggerOf,
} from "../../config/container-settings.ts";
import type { Track } from "../../config/track.ts";
import { type Move, sameDigest } from "./move.ts";
import type { EvidenceRecord } from "./records.ts";

/** What the container of a workload was last made with; undefined as long as nothing is on record of it. */
export function lastMade(records: readonly EvidenceRecord[]): Made | undefined {
  const record = records.findLast((each) => each.kind === "settings");
  if (record?.kind !== "settings") return undefined;
  const { image, restore, trigger, settings, later, memory } = record;
  return { image, restore, trigger, settings, later, ...(memory !== undefined && { memory }) };
}

type Compared = Pick<Made, "settings" | "later">;

/**
 * Whether a workload has passed on the settings that it shares with its group and not gone back from them since, so that
 * they are a way back. Going back to some takes all after them off again, as with images.
 */
export function hasPassedWith(records: readonly EvidenceRecord[], wanted: Compared, track: Track): boolean {
  return hasPassed(records, wanted, (settings) => sharedFingerprint(settings, track));
}

/** The same about what the workload has for itself alone. */
export function hasPassedWithOwn(
  records: readonly EvidenceRecord[],
  wanted: Compared,
  track: Track,
): boolean {
  return hasPassed(records, wanted, (settings) => ownFingerprint(settings, track));
}

function hasPassed(
  records: readonly EvidenceRecord[],
  wanted: Compared,
  part: (settings: Compared) => string,
): boolean {
  let passed: Compared[] = [];
  let present: Compared | undefined;
  let lastOutcome: string | undefined;
  for (const record of records) {
    if (record.kind === "verification") {
      lastOutcome = record.outcome;
      if (record.outcome === "passed" && present !== undefined) passed = arrivedAt(passed, present, part);
    } else if (record.kind === "settings") {
      // The first value on record of a secret is the one of all settings before that have the same secret.
      passed = passed.map((each) => learned(each, record));
      present = record;
      const isKnown = passed.some((each) => part(each) === part(record));
      // Written down of a container that was there already: its last verification was one of these settings.
      if (isKnown || (record.found === true && lastOutcome === "passed")) {
        passed = arrivedAt(passed, present, part);
      }
    }
  }
  const asked = part(present === undefined ? wanted : learned(wanted, present));
  return passed.some((each) => part(each) === asked);
}

function arrivedAt(
  passed: readonly Compared[],
  settings: Compared,
  part: (settings: Compared) => string,
): Compared[] {
  const place = passed.findIndex((each) => part(each) === part(settings));
  return [...(place >= 0 ? passed.slice(0, place) : passed), settings];
}

/** What an update to these settings changes of a container, and whether that is a way back. */
export interface Change {
  /** One phrase each: "environment.LOG_LEVEL changes". */
  changes: string[];
  back: boolean;
}

/** Undefined where nothing changes, or where nobody knows what the container was made with. */
export function changeTo(
  records: readonly EvidenceRecord[],
  wanted: Compared,
  track: Track,
): Change | undefined {
  const before = lastMade(records);
  if (before === undefined) return undefined;
  const changes = differences(before, wanted, track);
  if (changes.length === 0) return undefined;
  // Its group's and its own, each for itself: a port that is new makes nothing new of an environment that is old.
  const back = hasPassedWith(records, wanted, track) && hasPassedWithOwn(records, wanted, track);
  return { changes, back };
}

/** The move of a workload that gets other settings as well. A first start has none before, and an adoption somebody else's. */
export function withChange(move: Move, change: Change | undefined): Move {
  if (change === undefined || move.kind === "first" || move.kind === "adopt") return move;
  return move.kind === "none"
    ? { kind: "change", from: move.to, to: move.to, ...change }
    : { ...move, changes: change.changes };
}

/** Whether a move brings something new, which has to be prepared, drilled, verified in its order and baked. */
export function isForward(move: Move): boolean {
  return move.kind === "forward" || move.kind === "adopt" || (move.kind === "change" && !move.back);
}

/** Whether a move takes something back, which waits for nothing. */
export function goesBack(move: Move): boolean {
  return move.kind === "back" || move.kind === "restore" || (move.kind === "change" && move.back);
}

/** What a container is to be made with, given what is on record: the very trigger as long as nothing changes. */
export function madeOf(wanted: Omit<Made, "trigger">, before: Made | undefined, track: Track): Made {
  if (before === undefined) return { ...wanted, trigger: triggerOf(wanted) };
  const same = differences(before, wanted, track).length === 0;
  // What is known now of the values of its secrets is noted, and makes no other container.
  const { settings, later } = same ? learned(before, wanted) : wanted;
  const image = sameDigest(before.image, wanted.image) ? before.image : wanted.image;
  const next = { ...wanted, image, settings, later };
  return same && image === before.image && wanted.restore === before.restore
    ? { ...next, trigger: before.trigger }
    : { ...next, trigger: triggerOf(next, changedLater(before.later, later)) };
}
