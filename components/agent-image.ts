import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { AgentImageConfig } from "../config/schema.ts";

/** The images that a group can run, kept on the Docker host: going back must not depend on a registry. */
export class AgentImage extends pulumi.ComponentResource {
  readonly images: docker.RemoteImage[];

  constructor(name: string, references: AgentImageConfig, opts: pulumi.ComponentResourceOptions) {
    super("clawforce:fleet:AgentImage", name, { ...references }, opts);
    this.images = (["stable", "candidate", "previous"] as const).flatMap((role) => {
      const reference = references[role];
      return reference === undefined ? [] : [this.#image(`${name}-${digestPart(reference)}`, reference)];
    });
    this.registerOutputs({});
  }

  #image(name: string, reference: string): docker.RemoteImage {
    return new docker.RemoteImage(name, { name: reference, keepLocally: true }, { parent: this });
  }
}

/** Named by its digest, not by its role: a promotion moves references between roles and must not touch an image. */
function digestPart(reference: string): string {
  return reference.slice(reference.lastIndexOf(":") + 1).slice(0, 12);
}
