import type { Cluster } from "./cluster.ts";
import { fieldManager } from "./labels.ts";

/** Writes on an object, and changes nothing of what it is. Null takes a label or an annotation out. */
export function patchMetadata(cluster: Cluster, path: string, metadata: object): Promise<unknown> {
  return cluster.ask({
    ...{ method: "PATCH", path, query: { fieldManager } },
    type: "application/merge-patch+json",
    body: { metadata },
  });
}
