import type * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { AgentImageConfig } from "../config/schema.ts";
import { AgentImage } from "./agent-image.ts";
import { workloadHooks } from "./hooks.ts";
import { InstanceGroup } from "./instance-group.ts";
import type { OperationSecrets } from "./operation.ts";
import { stackLabel } from "./platforms/docker.ts";
import { preparation, type RunningWorkload, type WorkloadSpec } from "./workload.ts";

export interface FleetArgs {
  stack: string;
  dockerHost: string;
  agentImages: Record<string, AgentImageConfig>;
  /** In the order of their cut-overs. `move` is what this run does to each, as the preview says. */
  workloads: { spec: WorkloadSpec; move: object }[];
  /** The programs' input for a workload that left the configuration: its removal needs a snapshot too. */
  removed: (name: string) => object | undefined;
  snapshotPassword: pulumi.Input<string>;
  gatewayToken: (workload: string) => pulumi.Input<string>;
}

/** Everything of one stack: images first, then all preparations, then the cut-overs one after the other. */
export class Fleet extends pulumi.ComponentResource {
  /** What runs in each workload, by its name. */
  readonly running: Record<string, pulumi.Output<RunningWorkload>> = {};

  constructor(name: string, args: FleetArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("clawforce:fleet:Fleet", name, {}, opts);
    const provider = new docker.Provider(name, { host: args.dockerHost }, { parent: this });
    const inside = { parent: this, providers: [provider] };
    const images = Object.entries(args.agentImages).flatMap(
      ([image, references]) => new AgentImage(image, references, inside).images,
    );
    const networks = unique(args.workloads.map(({ spec }) => spec.container.network)).map(
      (network) =>
        new docker.Network(
          network,
          { name: network, labels: [stackLabel(args.stack)] },
          { parent: this, provider },
        ),
    );
    const secretsOf = (workload: string): OperationSecrets => ({
      snapshotPassword: args.snapshotPassword,
      gatewayToken: args.gatewayToken(workload),
    });
    const hooks = workloadHooks((workload) => {
      const known = args.workloads.find(({ spec }) => spec.name === workload);
      const input = known?.spec.input ?? args.removed(workload);
      return (
        input && {
          workload: input,
          move: known?.move,
          wayBack: known?.spec.wayBack,
          secrets: secretsOf(workload),
        }
      );
    });
    const barrier: command.local.Command[] = [];
    for (const { spec } of args.workloads) {
      const before = barrier.at(-1);
      const dependsOn = before === undefined ? images : [before];
      barrier.push(preparation(spec, secretsOf(spec.name), { parent: this, dependsOn }));
    }
    let last: pulumi.Resource[] = networks;
    for (const group of unique(args.workloads.map(({ spec }) => spec.group))) {
      const workloads = args.workloads
        .filter(({ spec }) => spec.group === group)
        .map(({ spec }) => ({ spec, secrets: secretsOf(spec.name) }));
      last = new InstanceGroup(group, { workloads, hooks, barrier, after: [...networks, ...last] }, inside)
        .last;
    }
    this.registerOutputs({});
  }
}

function unique<T>(values: T[]): T[] {
  return [...new Set(values)];
}
