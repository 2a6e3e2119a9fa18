import { expect, test } from "vitest";
import { workloadsOf } from "../../config/rollout.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { workloadInput } from "../../lifecycle/update/workload-input.ts";
import { type Changes, candidate, rawConfig, stable } from "./config-fixture.ts";

function inputs(changes: Changes) {
  const config = parseStackConfig(rawConfig(changes));
  return workloadsOf(config).map((workload) => workloadInput(config, "prod", workload));
}

test("a promotion changes names and no program's input, so it is no operation on anything", () => {
  const rolledOut = inputs({ "instanceGroups.support.wave": 3 });
  const promoted = inputs({
    "agentImages.chromium": { stable: candidate, previous: stable },
    "instanceGroups.support.wave": 0,
  });
  expect(rolledOut.map(({ image }) => image)).toEqual(Array(4).fill(candidate));
  expect(promoted).toEqual(rolledOut);
});
