import type { Witness } from "../evidence/canary.ts";
import type { Situation } from "./situation.ts";
import { witnessOf } from "./witness.ts";

/** What each workload can prove. */
export function witnessesOf(
  surveyed: readonly Pick<Situation, "input" | "observed" | "records" | "refused">[],
): Witness[] {
  return surveyed.map(({ input, ...facts }) => witnessOf(input, facts));
}
