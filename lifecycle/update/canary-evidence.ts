import { fingerprint } from "../../config/fingerprint.ts";
import type { Witness } from "../evidence/canary.ts";
import type { Situation } from "./situation.ts";

/** What each workload can prove: one that does not serve proves nothing. */
export function witnessesOf(
  surveyed: readonly Pick<Situation, "input" | "observed" | "records" | "refused">[],
): Witness[] {
  return surveyed.map(({ input, observed, records, refused }) => ({
    name: input.name,
    records,
    ...(refused?.untouched && { without: refused.why }),
    observed: observed?.serves ? { id: observed.id, image: observed.image } : undefined,
    checks: fingerprint(input.verification),
  }));
}
