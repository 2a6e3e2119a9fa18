import * as pulumi from "@pulumi/pulumi";
import type { IngressSpec } from "../platforms/resources.ts";
import { type ImageSource, keptImages } from "./agent-image.ts";

export interface IngressArgs extends ImageSource {
  spec: IngressSpec;
  /** The networks themselves. */
  after: readonly pulumi.Resource[];
}

/**
 * The proxy in front of the fleet: a workload of its own, part of no track, updated outside of windows because its
 * replacement cuts what it serves. Which workload it serves under which name is not its configuration: the operations
 * tell it (lifecycle/ingress), and its volume keeps that, and a hold, over a restart.
 */
export class Ingress extends pulumi.ComponentResource {
  /** The workloads are created after it and removed before it. */
  readonly container: pulumi.CustomResource;

  constructor(name: string, args: IngressArgs, opts: pulumi.ComponentResourceOptions = {}) {
    const { spec, resources, pull, after } = args;
    super("clawforce:fleet:Ingress", name, { image: spec.image }, opts);
    const volume = resources.volume(
      `${name}-state`,
      `${spec.name}-state`,
      { stack: spec.stack, isTaken: false },
      { parent: this },
    );
    this.container = resources.ingress(name, spec, {
      parent: this,
      dependsOn: [...after, ...keptImages(name, [spec.image], { resources, pull }, { parent: this }), volume],
      deleteBeforeReplace: true,
    });
    this.registerOutputs({});
  }
}
