import { untouchedBy } from "../failure.ts";
import type { Marked, Observed, WantedLook } from "../platform.ts";
import type { Cluster } from "./cluster.ts";
import { controllers } from "./controller-kind.ts";
import { type FoundUnit, podsOf } from "./found-unit.ts";
import { isThere } from "./in-place.ts";
import { labelValue, stackLabel, workloadLabel } from "./labels.ts";
import type { Controller, Pod } from "./objects.ts";
import { isForbidden } from "./refusal.ts";
import { refuseMissingRights } from "./rights.ts";
import { strangerIn } from "./stranger.ts";
import { unitOf } from "./unit.ts";

/** Three calls for a whole namespace. Throws an OperationFailure of one sentence when the server does not answer. */
export async function observe(
  cluster: Cluster,
  wanted: readonly WantedLook[],
  stack: string,
): Promise<Map<string, Observed>> {
  const found = new Map<string, Observed>();
  const workloads = wanted.map(({ workload }) => workload);
  for (const unit of (await unitsIn(cluster)).filter(isThere)) {
    const { metadata } = unit.controller;
    const { name, labels = {} } = metadata;
    const asked = wanted.find((each) => each.unit === name)?.workload;
    const made = labels[stackLabel] === labelValue(stack) ? labels[workloadLabel] : undefined;
    const workload = asked ?? workloads.find((each) => labelValue(each) === made);
    // A StatefulSet comes before a Deployment of the same name.
    if (workload !== undefined && !found.has(name)) {
      cluster.kinds.set(name, unit.kind);
      found.set(name, observedOf(cluster, unit, { stack, name: workload }));
    }
  }
  return found;
}

/** All of a namespace, or those that a label selects. */
export async function unitsIn(cluster: Cluster, labelSelector?: string): Promise<FoundUnit[]> {
  const query = { labelSelector };
  try {
    const [pods, ...found] = await Promise.all([
      cluster.list<Pod>(cluster.in("v1", "pods")),
      ...controllers.map(async ({ kind, resource }) => ({
        kind,
        items: await cluster.list<Controller>(cluster.in("apps/v1", resource), query),
      })),
    ]);
    return found.flatMap(({ kind, items }) =>
      items.map((controller) => ({ kind, controller, pods: podsOf(kind, controller, pods) })),
    );
  } catch (error) {
    if (isForbidden(error)) await refuseMissingRights(cluster);
    throw untouchedBy(error);
  }
}

function observedOf(cluster: Cluster, found: FoundUnit, workload: { stack: string; name: string }): Observed {
  const unit = unitOf(found);
  const { id, image, managedBy } = unit;
  const stranger = strangerIn(cluster, found, workload);
  return {
    ...{ id, image, state: unit.status },
    serves: unit.running && unit.status === "running" && unit.health !== "unhealthy",
    ...(managedBy !== undefined && { managedBy }),
    ...(stranger === undefined ? { of: workload.name } : { stranger }),
  };
}

/** Everything that bears a stack's mark. */
export async function marked(cluster: Cluster, stack: string): Promise<Marked[]> {
  const units = await unitsIn(cluster, `${stackLabel}=${labelValue(stack)}`);
  return units
    .filter(isThere)
    .map((found) => {
      const { id, image, status } = unitOf(found);
      const { replicas = 1 } = found.controller.spec;
      const ready = found.controller.status?.readyReplicas ?? 0;
      const { name } = found.controller.metadata;
      return { name, id, image, state: status, status: `${found.kind}, ${ready} of ${replicas} ready` };
    })
    .toSorted((a, b) => a.name.localeCompare(b.name));
}
