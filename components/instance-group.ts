import * as pulumi from "@pulumi/pulumi";
import type { WorkloadHooks } from "./hooks.ts";
import type { OperationSecrets } from "./operation.ts";
import { type RunningWorkload, Workload, type WorkloadSpec } from "./workload.ts";

export interface InstanceGroupArgs {
  workloads: { spec: WorkloadSpec; secrets: OperationSecrets }[];
  hooks: WorkloadHooks;
  /** All preparations of this update: nothing is stopped before all of them have passed. */
  barrier: pulumi.Resource[];
  /** What the first cut-over of this group waits for. */
  after: pulumi.Resource[];
}

/** Instances that share a rollout, cut over one after the other: while one changes, nothing else can fail. */
export class InstanceGroup extends pulumi.ComponentResource {
  /** What comes next waits for this. */
  readonly last: pulumi.Resource[];
  /** What runs in each instance, by its name. */
  readonly running: Record<string, pulumi.Output<RunningWorkload>> = {};

  constructor(name: string, args: InstanceGroupArgs, opts: pulumi.ComponentResourceOptions) {
    super(
      "clawforce:fleet:InstanceGroup",
      name,
      { instances: args.workloads.map(({ spec }) => spec.name) },
      opts,
    );
    let before = args.after;
    for (const { spec, secrets } of args.workloads) {
      const workload = new Workload(
        spec.name,
        { spec, secrets, hooks: args.hooks, after: [...args.barrier, ...before] },
        { parent: this },
      );
      before = [workload.verification];
      this.running[spec.name] = workload.running;
    }
    this.last = before;
    this.registerOutputs({});
  }
}
