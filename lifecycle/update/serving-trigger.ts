import { createHash } from "node:crypto";
import type { Observed } from "../../platforms/platform.ts";

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
