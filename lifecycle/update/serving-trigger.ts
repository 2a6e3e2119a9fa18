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

/** What tells the triggers of units that were missing from those of units that did not serve. */
const missing = "missing-";

/** The trigger that the last run of `serve` was for. */
export function lastServing(records: readonly EvidenceRecord[]): string {
  return lastTrigger(records, (trigger) => !trigger.startsWith(missing)) ?? "first";
}

/**
 * Changes whenever a unit that was made before is found missing, where the engine takes it for there: see `InPlace`. So it
 * is made again, once for each time.
 */
export function missingTrigger(
  isMissing: boolean,
  journalled: string | undefined,
  records: readonly EvidenceRecord[],
): string {
  if (!isMissing) return lastMissing(records);
  const since = journalled ?? records.at(-1)?.time ?? "";
  return `${missing}${createHash("sha256").update(since).digest("hex").slice(0, 12)}`;
}

/** The trigger that a missing unit was made for last. */
export function lastMissing(records: readonly EvidenceRecord[]): string {
  return lastTrigger(records, (trigger) => trigger.startsWith(missing)) ?? "";
}

function lastTrigger(
  records: readonly EvidenceRecord[],
  isWanted: (trigger: string) => boolean,
): string | undefined {
  const record = records.findLast((each) => each.kind === "serving" && isWanted(each.trigger));
  return record?.kind === "serving" ? record.trigger : undefined;
}
