import { createHash } from "node:crypto";
import type { Observed } from "../../platforms/platform.ts";
import type { EvidenceRecord } from "../evidence/records.ts";

/** Changes whenever a workload has stopped serving anew, so that it is brought back once for each time. */
export function servingTrigger(
  observed: Observed | undefined,
  journalled: string | undefined,
  last: string,
): string {
  if (observed === undefined || (observed.serves && journalled === undefined)) {
    return last;
  }
  return createHash("sha256")
    .update(`${observed.id} ${observed.state} ${journalled ?? ""} ${last}`)
    .digest("hex")
    .slice(0, 12);
}

/** The trigger that the last run of `serve` was for. */
export function lastServing(records: readonly EvidenceRecord[]): string {
  const record = records.findLast((each) => each.kind === "serving");
  return record?.kind === "serving" ? record.trigger : "first";
}
