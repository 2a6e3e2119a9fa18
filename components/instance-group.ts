import * as pulumi from "@pulumi/pulumi";

export interface InstanceGroupArgs {
  agentImage: string;
  waves: (number | string)[];
  /** How far the candidate has come: index into `waves`. */
  wave: number;
  /** What a judge of the update has to know of it: plain data, known at preview. */
  judged: object;
}

/** Instances that share a rollout. Their order, also among groups, is that of the fleet's steps. */
export class InstanceGroup extends pulumi.ComponentResource {
  constructor(name: string, args: InstanceGroupArgs, opts: pulumi.ComponentResourceOptions) {
    super("clawforce:fleet:InstanceGroup", name, {}, opts);
    // Outputs, not inputs: a promotion sets the wave back and is no operation on anything.
    this.registerOutputs({ ...args });
  }
}
