import { describe, expect, it } from "vitest";
import { workloadsOf } from "../../config/rollout.ts";
import { judgedWorkload } from "../../lifecycle/update/evidence-facts.ts";
import type { Situation } from "../../lifecycle/update/situation.ts";
import { workloadInput } from "../../lifecycle/update/workload-input.ts";
import { drainBudget } from "../../policies/drain-budget.ts";
import { fleetStack, type StackWorkload } from "../policy/fleet-stack.ts";
import { judgedStack } from "../policy/stack.ts";
import { snapshotTools, stable } from "./config-fixture.ts";
import { configWith } from "./fleet-rollout-fixture.ts";

describe("the hold that the program has by default", () => {
  it("is long enough for a cut-over, and so is the time to stop", () => {
    const config = configWith({
      ingress: { image: snapshotTools },
      controlPlane: { image: stable, data: { volume: "data" }, hosts: ["plane.test"] },
      "instanceGroups.support.instances": [{ name: "canary", hosts: ["canary.test"] }],
      "instanceGroups.support.waves": [1],
    });
    const workloads = workloadsOf(config).map((workload): StackWorkload => {
      const input = workloadInput(config, "prod", workload);
      const surveyed = { config: workload, input, records: [], sealed: [], move: { kind: "none", to: "" } };
      const { pause: times } = judgedWorkload(surveyed as unknown as Situation, []);
      expect(times.hold).toBe(300);
      const { name, image: reference, stopGrace } = input;
      const container = { destroyGraceSeconds: stopGrace, stopTimeout: stopGrace };
      const group = workload.group === undefined ? {} : { group: workload.group };
      return { name, ...group, image: reference, container, judged: { pause: times } };
    });
    expect(workloads.map(({ name }) => name)).toEqual(["clawforce", "canary"]);
    expect(judgedStack(drainBudget, fleetStack({ workloads }))).toEqual([]);
  });
});
