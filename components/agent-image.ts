import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { digestIn } from "../config/digest.ts";
import type { AgentImageConfig } from "../config/schema.ts";

/** The images that a group can run, kept on the Docker host: going back must not depend on a registry. */
export class AgentImage extends pulumi.ComponentResource {
  readonly images: docker.RemoteImage[];

  constructor(
    name: string,
    references: AgentImageConfig,
    pull: pulumi.ResourceHook,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("clawforce:fleet:AgentImage", name, {}, opts);
    const kept = [references.stable, references.candidate, references.previous];
    this.images = keptImages(name, kept, pull, { parent: this });
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
  pull: pulumi.ResourceHook,
  opts: pulumi.CustomResourceOptions,
): docker.RemoteImage[] {
  const pinned = [...new Set(references.filter((reference) => reference !== undefined))];
  return pinned.map(
    (reference) =>
      new docker.RemoteImage(
        `${name}-${digestIn(reference).replace("sha256:", "").slice(0, 12)}`,
        { name: reference, keepLocally: true },
        { ...opts, hooks: { beforeCreate: [pull] } },
      ),
  );
}
