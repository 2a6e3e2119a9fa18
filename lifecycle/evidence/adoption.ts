import type { Displaced } from "../../platforms/displaced.ts";
import type { EvidenceRecord } from "./records.ts";

/** An adoption that has not passed its verification: what failed goes back to the container of before. */
export interface OpenAdoption {
  stranger: Displaced;
  /** The cold snapshot that was taken when it was stopped. */
  snapshot: string;
  /** The image on both sides. */
  image: string;
}

/** Undefined where there was none, where it has passed, and once anything came after it. */
export function openAdoption(records: readonly EvidenceRecord[]): OpenAdoption | undefined {
  const at = records.findLastIndex(({ kind }) => kind === "cut-over");
  const left = records[at];
  if (left?.kind !== "cut-over" || left.stranger?.did !== "left") return undefined;
  const passed = records
    .slice(at)
    .some((record) => record.kind === "verification" && record.outcome === "passed");
  if (passed) return undefined;
  const { did: _, ...stranger } = left.stranger;
  return { stranger, snapshot: left.snapshot, image: left.to };
}

/** The unit of somebody else's that a workload's own one was made of, on a platform where it stays the same one. */
export function adoptedUnit(records: readonly EvidenceRecord[]): Displaced | undefined {
  const last = records.findLast((record) => record.kind === "cut-over" && record.stranger !== undefined);
  if (last?.kind !== "cut-over" || last.stranger?.did !== "left") return undefined;
  const { did: _, ...stranger } = last.stranger;
  return stranger.beside === undefined ? undefined : stranger;
}

/** How often an adoption was given up: the next one needs another container than the one that failed. */
export function adoptionsGivenUp(records: readonly EvidenceRecord[]): number {
  return records.filter((record) => record.kind === "cut-over" && record.stranger?.did === "returned").length;
}
