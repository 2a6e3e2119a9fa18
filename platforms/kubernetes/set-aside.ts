import { OperationFailure } from "../failure.ts";
import type { Displaced } from "../platform.ts";
import type { Cluster } from "./cluster.ts";
import { kindOfUnit, kubectlName } from "./controller-kind.ts";
import { findUnit } from "./found-unit.ts";

/** Kubernetes has no other name for it. */
export function refuseRename(name: string): OperationFailure {
  return new OperationFailure(
    `Kubernetes can't rename an object, so nothing can be kept as ${name}. A unit that is adopted stays the same object. ` +
      "Nothing was touched.",
  );
}

/** It has its name, or it is gone. */
export async function refuseGone(cluster: Cluster, { id, name }: Displaced): Promise<void> {
  const [uid] = id.split("/");
  const found = await findUnit(cluster, name);
  if (found?.controller.metadata.uid === uid) return;
  throw new OperationFailure(
    `${name} is another object than the one that was adopted, or gone: it can't be put back. ` +
      `See what there is: \`${cluster.kubectl("get statefulset,deployment")}\`.`,
  );
}

export function wayBack(
  cluster: Pick<Cluster, "kubectl">,
  { id, name }: Pick<Displaced, "id" | "name">,
): string[] {
  const unit = kubectlName(kindOfUnit({ there: id, track: "runtime" }), name);
  return [cluster.kubectl(`rollout undo ${unit}`), cluster.kubectl(`scale ${unit} --replicas 1`)];
}
