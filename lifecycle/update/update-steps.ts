import { type Step, stepsOf } from "../../config/order.ts";
import { defaultImageOf } from "../../config/rollout.ts";
import type { StackConfig } from "../../config/schema.ts";
import { onlyGoesBack } from "./put-off.ts";
import type { Situation } from "./situation.ts";

/** What an update does, in its order: a way back must not wait for a control plane that does not answer. */
export function updateSteps(config: StackConfig, situations: readonly Situation[]): Step[] {
  const workloads = situations.map((each) => each.config);
  if (defaultImageOf(config) === undefined) return stepsOf(workloads, "none");
  return stepsOf(workloads, onlyGoesBack(situations) ? "last" : "after the canaries");
}
