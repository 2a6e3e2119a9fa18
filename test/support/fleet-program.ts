import * as pulumi from "@pulumi/pulumi";
import { Fleet, type FleetArgs } from "../../components/fleet.ts";
import { defaultImageOf } from "../../config/rollout.ts";
import type { StackConfig } from "../../config/schema.ts";
import { judgedGroups } from "../../lifecycle/update/evidence-facts.ts";
import type { Situation } from "../../lifecycle/update/situation.ts";
import { updateSteps } from "../../lifecycle/update/update-steps.ts";
import { specOf } from "../../lifecycle/update/workload-spec.ts";
import { resourcesOf } from "../../platforms/of-stack.ts";
import { type Registered, registeredBy } from "./mock-engine.ts";
import { neverStarted } from "./surveyed.ts";

/** What is a secret of a stack here, each with this in it: it may stand nowhere in plain. */
export const secretText = "hush";

/** What the program of a stack on a Docker host asks the engine for. */
export async function fleetOf(
  config: StackConfig,
  situations: readonly Situation[] = neverStarted(config),
  change: Partial<FleetArgs> = {},
): Promise<Registered[]> {
  const resources = await resourcesOf(config);
  return registeredBy(
    () =>
      new Fleet("fleet", {
        stack: "test",
        config,
        workloads: situations.map((each) => ({ spec: specOf(config, each), move: each.move })),
        judgedGroups: judgedGroups(config, situations, new Date("2026-05-01T12:00:00Z")),
        steps: updateSteps(config, situations),
        defaultImage: defaultImageOf(config),
        resources,
        removed: () => Promise.reject(new Error("nothing has left the configuration")),
        secretsOf: (workload) => ({
          snapshotPassword: pulumi.secret(`${secretText}: snapshots`),
          gatewayToken: pulumi.secret(`${secretText}: token of ${workload}`),
          controlPlanePassword: pulumi.secret(`${secretText}: control plane`),
        }),
        namedOf: () => pulumi.secret<Record<string, string>>({ "model-key": `${secretText}: model key` }),
        pull: () => Promise.reject(new Error("nothing is made, so nothing is pulled")),
        runProcess: () => Promise.reject(new Error("nothing is made, so no hook runs")),
        tellFailure: () => {},
        ...{ keeper: "the keeper's script", hookDeadline: () => 60 },
        ...change,
      }),
  );
}
