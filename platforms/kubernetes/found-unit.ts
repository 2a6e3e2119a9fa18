import { OperationFailure } from "../failure.ts";
import type { Cluster } from "./cluster.ts";
import { type ControllerKind, controllerKinds, controllers, isControllerKind } from "./controller-kind.ts";
import { objectName } from "./labels.ts";
import type { Container, Controller, Metadata, Pod, Service } from "./objects.ts";
import { NotRunning, unlessGone } from "./refusal.ts";

/** What makes the pod of a unit, and the pod where there is one. */
export interface FoundUnit {
  kind: ControllerKind;
  controller: Controller;
  /** All that it has made and that are not gone: more than one only for a moment, or by somebody's mistake. */
  pods: Pod[];
}

export function pathOf(cluster: Cluster, kind: ControllerKind, name: string, ...rest: string[]): string {
  return cluster.in("apps/v1", controllerKinds[kind].resource, name, ...rest);
}

/** Undefined: nothing is there under this name. */
export async function findUnit(cluster: Cluster, name: string): Promise<FoundUnit | undefined> {
  // What is no name of Kubernetes is of nothing there.
  if (objectName(name, 253) !== name) return undefined;
  for (const { kind } of controllers) {
    const controller = await unlessGone(cluster.ask<Controller>({ path: pathOf(cluster, kind, name) }));
    if (controller !== undefined) {
      cluster.kinds.set(name, kind);
      return { kind, controller, pods: podsOf(kind, controller, await podsBy(cluster, controller)) };
    }
  }
  return undefined;
}

/** The Service of a unit's name; undefined: there is none. */
export function findService(cluster: Cluster, name: string): Promise<Service | undefined> {
  return unlessGone(cluster.ask<Service>({ path: cluster.in("v1", "services", name) }));
}

function podsBy(cluster: Cluster, { spec }: Controller): Promise<Pod[]> {
  const labels = Object.entries(spec.selector?.matchLabels ?? {});
  const query = { labelSelector: labels.map(([key, value]) => `${key}=${value}`).join(",") };
  return cluster.list<Pod>(cluster.in("v1", "pods"), query);
}

/** Those of a list that this controller has made. One that has ended for good holds nothing any more. */
export function podsOf(kind: ControllerKind, { metadata, spec }: Controller, pods: readonly Pod[]): Pod[] {
  const labels = Object.entries(spec.selector?.matchLabels ?? {});
  return pods.filter((pod) => {
    const isSelected = labels.every(([key, value]) => pod.metadata.labels?.[key] === value);
    return isSelected && isMadeBy(pod, kind, metadata) && !hasEnded(pod);
  });
}

/** Whether a pod is of this object, by who its controller is. */
export function isMadeBy({ metadata }: Pod, kind: string, maker: Pick<Metadata, "name" | "uid">): boolean {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return false;
  return isControllerKind(kind) ? controllerKinds[kind].makes(owner, maker) : owner.uid === maker.uid;
}

export function hasEnded({ status }: Pod): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}

/** The one pod of a unit, which may be on its way out; undefined: it has none. The newest where there are several. */
export function podOf({ pods }: FoundUnit): Pod | undefined {
  const time = ({ metadata }: Pod) => metadata.creationTimestamp ?? "";
  return pods.toSorted((a, b) => time(b).localeCompare(time(a)))[0];
}

/** More than one would be two gateways on one state. */
export function refuseReplicas(cluster: Pick<Cluster, "kubectl">, { kind, controller }: FoundUnit): void {
  const { replicas = 1 } = controller.spec;
  if (replicas <= 1) return;
  const { name } = controller.metadata;
  throw new OperationFailure(
    `the ${kind} ${name} has ${replicas} replicas, and 0 or 1 are allowed: two gateways on one state destroy it. ` +
      `Run \`${cluster.kubectl(`scale ${kind.toLowerCase()} ${name} --replicas 1`)}\`, then try again.`,
  );
}

/** The unit's own container: what stands beside it in the pod is none of ours. */
export function ownContainer({ name, spec }: { name: string; spec: { containers: Container[] } }): Container {
  const [container] = spec.containers;
  if (container === undefined) throw new OperationFailure(`${name} has no container.`);
  return container;
}

/** The pod of a unit, or the trial of this name. */
export async function runningPod(cluster: Cluster, name: string): Promise<Pod> {
  const found = await findUnit(cluster, name);
  const pod =
    found === undefined
      ? await unlessGone(cluster.ask<Pod>({ path: cluster.in("v1", "pods", objectName(name, 253)) }))
      : podOf(found);
  if (pod === undefined) {
    throw new NotRunning(`${name} has no pod in the namespace ${cluster.namespace}.`);
  }
  return pod;
}
