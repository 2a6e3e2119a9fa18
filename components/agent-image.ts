import * as pulumi from "@pulumi/pulumi";
import { digestIn } from "../config/digest.ts";
import type { AgentImageConfig } from "../config/schema.ts";
import type { PlatformResources } from "../platforms/resources.ts";

export interface ImageSource {
  resources: PlatformResources;
  /** Puts an image on the platform before the provider looks for it. */
  pull: pulumi.ResourceHook;
}

/** The images that a group can run, kept on the Docker host: going back must not depend on a registry. */
export class AgentImage extends pulumi.ComponentResource {
  readonly images: pulumi.Resource[];

  constructor(
    name: string,
    references: AgentImageConfig,
    { resources, pull }: ImageSource,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("clawforce:fleet:AgentImage", name, {}, opts);
    const kept = [references.stable, references.candidate, references.previous];
    this.images = keptImages(name, kept, { resources, pull }, { parent: this });
    // Outputs, not inputs: a promotion moves references between roles and is no operation on anything.
    this.registerOutputs({ ...references });
  }
}

/**
 * Named by their digests, not by their roles: a promotion must not touch an image. `pull` fetches each before the provider
 * looks for it: with this machine's logins, of which the provider would need a copy in the engine's state.
 */
export function keptImages(
  name: string,
  references: readonly (string | undefined)[],
  { resources, pull }: ImageSource,
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const pinned = [...new Set(references.filter((reference) => reference !== undefined))];
  return pinned
    .map((reference) =>
      resources.image(`${name}-${digestIn(reference).replace("sha256:", "").slice(0, 12)}`, reference, {
        ...opts,
        hooks: { beforeCreate: [pull] },
      }),
    )
    .filter((image) => image !== undefined);
}
