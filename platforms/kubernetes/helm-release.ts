import type { Cluster } from "./cluster.ts";
import { fieldManager } from "./labels.ts";
import type { KubernetesObject, Metadata } from "./objects.ts";
import { patchMetadata } from "./patch-metadata.ts";

/** By these Helm knows what is its own. */
export const helmAnnotations = ["meta.helm.sh/release-name", "meta.helm.sh/release-namespace"] as const;
export const helmLabel = "app.kubernetes.io/managed-by";
/** Helm leaves what bears it where a release is removed. */
export const keepAnnotation = "helm.sh/resource-policy";

/** The release that an object is of; undefined: of none. */
export function releaseOf({
  labels = {},
  annotations = {},
}: Pick<Metadata, "labels" | "annotations">): string | undefined {
  const name = annotations["meta.helm.sh/release-name"];
  return name ?? (labels[helmLabel] === "Helm" ? labels["app.kubernetes.io/instance"] : undefined);
}

/** Helm finds its records by their labels, and this is one of them. */
const owner = { helm: "helm", hidden: fieldManager };

/**
 * Hides a release from Helm: `helm upgrade` would put back what the chart says of what was taken over. Nothing of it is
 * removed.
 *
 * @returns what to know of it, as sentences; none where Helm has no record of it.
 */
export async function hideRelease(cluster: Cluster, release: string): Promise<string[]> {
  const count = await relabel(cluster, release, owner.helm, owner.hidden);
  return count === 0
    ? []
    : [
        `the Helm release ${release} is hidden from Helm: \`helm upgrade\` would put its old image back, and \`helm uninstall\` would remove it`,
        `to give that release back to Helm: \`${cluster.kubectl(giveBack(release))}\``,
      ];
}

function giveBack(release: string): string {
  return `label secret --selector owner=${owner.hidden},name=${release} owner=${owner.helm} --overwrite`;
}

export async function showRelease(cluster: Cluster, release: string): Promise<void> {
  await relabel(cluster, release, owner.hidden, owner.helm);
}

/** @returns how many records it has. */
async function relabel(cluster: Cluster, release: string, from: string, to: string): Promise<number> {
  const path = cluster.in("v1", "secrets");
  const labelSelector = `owner=${from},name=${release}`;
  const records = await cluster.list<KubernetesObject>(path, { labelSelector });
  for (const { metadata } of records) {
    await patchMetadata(cluster, cluster.in("v1", "secrets", metadata.name), { labels: { owner: to } });
  }
  return records.length;
}
