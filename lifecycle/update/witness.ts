import { fingerprint } from "../../config/fingerprint.ts";
import type { WorkloadConfig } from "../../config/rollout.ts";
import type { StackConfig } from "../../config/schema.ts";
import type { Observed } from "../../platforms/platform.ts";
import { type Witness, witnessVerdict } from "../evidence/canary.ts";
import type { ReadRecord } from "../evidence/records.ts";
import type { Refusal } from "../evidence/refusal.ts";

interface Facts {
  observed?: Observed | undefined;
  records: readonly ReadRecord[];
  refused?: Refusal | undefined;
}

/** What a workload can prove: one that does not serve proves nothing. */
export function witnessOf(
  { name, verification }: Pick<WorkloadConfig, "name" | "verification">,
  { observed, records, refused }: Facts,
): Witness {
  return {
    name,
    records,
    ...(refused?.untouched && { without: refused.why }),
    observed: observed?.serves ? { id: observed.id, image: observed.image } : undefined,
    checks: fingerprint(verification),
  };
}

/** Whether a workload serves on the image that it is to have, and has passed and baked on it with its checks of now. */
export function hasPassedOnImage(
  config: StackConfig,
  { wanted, ...facts }: Facts & { wanted: WorkloadConfig },
  now: Date,
): boolean {
  const { image, bake } = wanted;
  const demand = { image, bake, onlySigned: config.environment === "production" };
  return witnessVerdict(witnessOf(wanted, facts), demand, now).state === "passed";
}
