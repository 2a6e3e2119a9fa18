import { workloadsOf } from "../../config/rollout.ts";
import type { StackConfig } from "../../config/schema.ts";
import type { Move } from "../../lifecycle/evidence/move.ts";
import { settle } from "../../lifecycle/update/settled.ts";
import type { Situation } from "../../lifecycle/update/situation.ts";
import { workloadInput } from "../../lifecycle/update/workload-input.ts";

/** The workloads of a configuration on a host where nothing runs and nothing is on record. */
export function neverStarted(config: StackConfig, stack = "test"): Situation[] {
  const found = workloadsOf(config).map((wanted) => {
    const move: Move = { kind: "first", to: wanted.image };
    return { wanted, observed: undefined, records: [], move, epoch: "" };
  });
  return settle(config, found, new Date()).map(({ wanted: _, change: __, epoch: ___, ...facts }) => ({
    ...facts,
    records: [],
    input: { ...workloadInput(config, stack, facts.config), made: facts.made },
    ...{ hearsay: [], refused: undefined },
    ...{
      sealed: [],
      journal: undefined,
      hold: undefined,
      servingTrigger: "first",
      missingTrigger: "",
      logCommand: `docker logs --tail 50 ${facts.config.name}`,
      preparationAttempt: "",
    },
  }));
}
