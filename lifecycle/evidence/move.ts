import { digestIn } from "../../config/digest.ts";
import type { Displaced } from "../../platforms/displaced.ts";
import { movedState } from "./moved-state.ts";
import type { EvidenceRecord, Markers, SnapshotRole } from "./records.ts";
import { passedRehearsal, type RecordedRehearsal } from "./rehearsal.ts";

/** The state of a release that a workload can be set back to. */
export interface Release {
  /** Reference with digest. */
  image: string;
  /** The cold snapshot that was taken when this release was left. */
  snapshot: string;
  /** ISO 8601: when that snapshot was taken, so what was written after it is lost by a restore. */
  takenAt: string;
  markers: Markers;
}

export interface RestorePlan {
  snapshot: string;
  takenAt: string;
  reason: "state moved" | "requested";
  /** What moved, one phrase each: "memory/main.sqlite 1 -> 2", "state/openclaw.sqlite is new". */
  moved: string[];
  /** Of a requested one: the operator's name for it. */
  order?: string;
  /** Of one that nobody had planned: what was seen. */
  because?: string;
  /** Places of the state that the snapshot has nothing of: they stay as they are. */
  left?: string[];
}

/** What an update does to one workload. */
export type Move =
  | { kind: "first"; to: string }
  /** From a container of somebody else's that runs the same image on the same state. */
  | { kind: "adopt"; from: string; to: string; stranger: Displaced }
  | { kind: "none"; to: string }
  | ({ kind: "forward"; from: string; to: string; restore?: RestorePlan } & OtherSettings)
  | ({
      kind: "back";
      from: string;
      to: string;
      restore?: RestorePlan;
      release: Release;
      /** Its rehearsal has shown that the old version comes up on a state like this. */
      proved?: { time: string; markers: Markers };
    } & OtherSettings)
  | ({ kind: "restore"; from: string; to: string; restore: RestorePlan } & OtherSettings)
  /** Another container of the same image, with other settings; `back`: with ones that it has passed on before. */
  | { kind: "change"; from: string; to: string; changes: string[]; back: boolean };

/** What changes of its settings in the same update: see settings.ts. */
interface OtherSettings {
  changes?: string[];
}

export interface MoveFacts {
  /** The reference of the container that is there, running or not. */
  running: string | undefined;
  wanted: string;
  records: readonly EvidenceRecord[];
  /** What the state is ordered to be set back to, as long as that was not done. */
  requested: RestorePlan | undefined;
}

export function moveOf(facts: MoveFacts): Move {
  const { wanted, records, requested } = facts;
  const from = facts.running ?? lastImage(records);
  if (from === undefined) {
    return { kind: "first", to: wanted };
  }
  if (sameDigest(from, wanted)) {
    return requested === undefined
      ? { kind: "none", to: wanted }
      : { kind: "restore", from, to: wanted, restore: requested };
  }
  const release = releasesOf(records).findLast((known) => sameDigest(known.image, wanted));
  if (release === undefined) {
    return { kind: "forward", from, to: wanted, ...(requested && { restore: requested }) };
  }
  const back = { kind: "back" as const, from, to: wanted, release };
  if (requested !== undefined) return { ...back, restore: requested };
  const rehearsal = passedRehearsal(records, release.image, from);
  const proved = provedBy(rehearsal);
  const now = currentMarkers(records, from);
  const moved = now === undefined ? [unread] : movedBeyond({ release, ...(proved && { proved }) }, now);
  // Where nothing has moved, as far as can be seen, the rehearsal may know better.
  const why = moved.length > 0 ? moved : disprovedBy(rehearsal);
  if (why.length === 0) return { ...back, ...(proved && { proved }) };
  const { snapshot, takenAt } = release;
  return { ...back, restore: { snapshot, takenAt, reason: "state moved", moved: why } };
}

const unread = "unknown: nothing was read after the new version started";

function provedBy(rehearsal: RecordedRehearsal | undefined): { time: string; markers: Markers } | undefined {
  const { wayBack, markers, time } = rehearsal ?? {};
  return wayBack?.proved === true && markers !== undefined && time !== undefined
    ? { time, markers }
    : undefined;
}

function disprovedBy(rehearsal: RecordedRehearsal | undefined): string[] {
  const { wayBack } = rehearsal ?? {};
  return wayBack?.proved === false ? [`as its rehearsal showed: ${wayBack.why}`] : [];
}

/**
 * What a new version has done to a state beyond what the old one is known to come up on: the state that it left itself,
 * and the one that it came up on in the rehearsal.
 */
export function movedBeyond(
  { release, proved }: { release: Release; proved?: { markers: Markers } },
  now: Markers,
): string[] {
  const moved = movedState(release.markers, now);
  const isProved = proved !== undefined && movedState(proved.markers, now).length === 0;
  return isProved ? [] : moved;
}

/**
 * The releases that can be gone back to, oldest first. Going forward leaves one behind; going back to one takes it
 * and all after it off again.
 */
export function releasesOf(records: readonly EvidenceRecord[]): Release[] {
  const releases: Release[] = [];
  for (const record of records) {
    if (record.kind !== "cut-over") {
      continue;
    }
    if (record.direction === "back") {
      const index = releases.findLastIndex((release) => sameDigest(release.image, record.to));
      releases.splice(index === -1 ? releases.length : index);
    } else if (record.direction === "forward") {
      const snapshot = records.find(
        (other) => other.kind === "snapshot" && other.snapshot === record.snapshot && isOfRelease(other.role),
      );
      if (snapshot?.kind === "snapshot") {
        releases.push({
          image: record.from,
          snapshot: record.snapshot,
          takenAt: snapshot.time,
          markers: snapshot.markers,
        });
      }
    }
  }
  return releases;
}

function isOfRelease(role: SnapshotRole): boolean {
  return role === "cold" || role === "backup";
}

/**
 * The newest known markers since `image` took over; undefined when it took over and nothing was read since: it may
 * have died in the middle of a migration.
 */
export function currentMarkers(records: readonly EvidenceRecord[], image: string): Markers | undefined {
  const tookOver = records.findLastIndex(
    (record) => record.kind === "cut-over" && sameDigest(record.to, image),
  );
  for (const record of records.slice(tookOver + 1).toReversed()) {
    // Newer ones may be among the lines that were lost.
    if (record.kind === "repaired") return undefined;
    const tells = record.kind === "state" || record.kind === "gate" || record.kind === "snapshot";
    if (tells && record.markers !== undefined && sameDigest(record.image, image)) {
      return record.markers;
    }
  }
  return undefined;
}

/** What ran last, as far as the records know. */
export function lastImage(records: readonly EvidenceRecord[]): string | undefined {
  for (const record of records.toReversed()) {
    if (record.kind === "cut-over") return record.to;
    if (record.kind === "gate") return record.image;
    // A first start that came no further has run nothing.
    if (record.kind === "begun" && record.container !== undefined) return record.image;
  }
  return undefined;
}

/** The id of the unit that ran last, as far as the records know: its platform may tell more by it than the name. */
export function lastUnit(records: readonly EvidenceRecord[]): string | undefined {
  for (const record of records.toReversed()) {
    if (record.kind === "cut-over" && record.stranger !== undefined) return record.stranger.id;
    if ("container" in record && record.container !== undefined) return record.container;
  }
  return undefined;
}

export function sameDigest(one: string, other: string): boolean {
  return digestIn(one) === digestIn(other);
}
