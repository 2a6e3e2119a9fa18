import * as pulumi from "@pulumi/pulumi";
import { type ImageSource, keptImages } from "./agent-image.ts";
import type { WorkloadHooks } from "./hooks.ts";
import type { OperationSecrets } from "./operation.ts";
import { Workload, type WorkloadSpec } from "./workload.ts";

export interface ControlPlaneArgs extends ImageSource {
  spec: WorkloadSpec;
  /** The release before, kept on the host. */
  previous: string | undefined;
  secrets: OperationSecrets;
  named: pulumi.Output<Record<string, string>>;
  hooks: WorkloadHooks;
  after: pulumi.Resource[];
}

/** Clawforce itself: one workload of a track of its own, with the releases that it can run. */
export class ControlPlane extends pulumi.ComponentResource {
  readonly workload: Workload;

  constructor(name: string, args: ControlPlaneArgs, opts: pulumi.ComponentResourceOptions) {
    const { spec, previous, secrets, named, hooks, resources, pull, after } = args;
    super("clawforce:fleet:ControlPlane", name, {}, opts);
    const images = keptImages(name, [spec.image, previous], { resources, pull }, { parent: this });
    this.workload = new Workload(
      spec.name,
      { spec, secrets, named, hooks, resources, after: [...after, ...images] },
      { parent: this },
    );
    this.registerOutputs({ image: spec.image, previous });
  }
}
