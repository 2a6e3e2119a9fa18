import { sameDigest } from "./move.ts";
import type { EvidenceRecord } from "./records.ts";

/** References with digest. */
export interface RecordedReleases {
  /** What every workload has last passed its verification on; undefined when there is no such thing. */
  stable: string | undefined;
  /** What they had passed on before that. */
  previous: string | undefined;
}

/**
 * What the workloads of a group have proved together, whatever the configuration says. A workload that has not passed on
 * anything yet has no say, and one that came later none in what was before it.
 */
export function recordedReleases(workloads: readonly (readonly EvidenceRecord[])[]): RecordedReleases {
  const histories = workloads.map(passedReleases).filter((history) => history.length > 0);
  const stable = newestInEach(histories);
  if (stable === undefined) return { stable, previous: undefined };
  const before = histories
    .map((history) => history.slice(0, placeOf(history, stable)))
    .filter((history) => history.length > 0);
  return { stable, previous: newestInEach(before) };
}

/**
 * The releases that a workload has passed on, oldest first. Going back to one takes all after it off again: what was left
 * is no release to go to without a canary.
 */
export function passedReleases(records: readonly EvidenceRecord[]): string[] {
  const history: string[] = [];
  for (const record of records) {
    const arrived =
      record.kind === "verification" && record.outcome === "passed"
        ? record.image
        : record.kind === "cut-over" && record.direction === "back"
          ? record.to
          : undefined;
    if (arrived === undefined) continue;
    const place = placeOf(history, arrived);
    if (place >= 0) history.splice(place + 1);
    else if (record.kind === "verification") history.push(arrived);
  }
  return history;
}

/** In the order of the first: the canary, which has seen the most. */
function newestInEach(histories: readonly string[][]): string | undefined {
  return histories[0]?.findLast((image) => histories.every((history) => placeOf(history, image) >= 0));
}

function placeOf(history: readonly string[], image: string): number {
  return history.findIndex((each) => sameDigest(each, image));
}
