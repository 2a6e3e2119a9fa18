import { workloadsOf } from "../../config/rollout.ts";
import type { StackConfig } from "../../config/schema.ts";
import { settle } from "../../operations/settled.ts";
import { type SurveyedWorkload, workloadInput } from "../../operations/survey.ts";

/** The workloads of a configuration on a host where nothing runs and nothing is on record. */
export function neverStarted(config: StackConfig, stack = "test"): SurveyedWorkload[] {
  const found = workloadsOf(config).map((wanted) => ({
    wanted,
    observed: undefined,
    records: [],
    epoch: "",
  }));
  return settle(config, found, new Date()).map(({ wanted, change: _, ...facts }) => ({
    ...facts,
    records: [],
    input: { ...workloadInput(config, stack, facts.config), made: facts.made },
    ...{ sealed: [], journal: undefined, hold: undefined, servingTrigger: "first", preparationAttempt: "" },
    move: { kind: "first", to: wanted.image },
  }));
}
