import type { Displaced } from "../../platforms/platform.ts";
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

/** How often an adoption was given up: the next one needs another container than the one that failed. */
export function adoptionsGivenUp(records: readonly EvidenceRecord[]): number {
  return records.filter((record) => record.kind === "cut-over" && record.stranger?.did === "returned").length;
}
