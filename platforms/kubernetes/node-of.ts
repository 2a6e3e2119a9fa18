import { OperationFailure } from "../failure.ts";
import type { Cluster } from "./cluster.ts";
import { hasEnded } from "./found-unit.ts";
import { workloadLabel } from "./labels.ts";
import type { Claim, ClusterNode, Pod } from "./objects.ts";
import { isForbidden } from "./refusal.ts";

/** A pod that must run on this node; the scheduler still decides whether it may. */
export function onNode(node: string | undefined): object {
  if (node === undefined) return {};
  const term = { matchFields: [{ key: "metadata.name", operator: "In", values: [node] }] };
  return {
    affinity: {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } },
    },
  };
}

/** The node on which one of these claims is in use: most claims can be mounted on one node alone. */
export async function nodeUsing(cluster: Cluster, claims: readonly string[]): Promise<string | undefined> {
  return nodeOf(await cluster.list<Pod>(cluster.in("v1", "pods")), claims);
}

/** Refuses what would wait without end: a claim that one pod alone may have, and has. */
export function refuseForOnePod(claim: Claim, pods: readonly Pod[]): void {
  const { name } = claim.metadata;
  if (!claim.spec.accessModes?.every((mode) => mode === "ReadWriteOncePod")) return;
  const pod = pods.find((each) => !hasEnded(each) && mounts(each, name));
  if (pod === undefined) return;
  throw new OperationFailure(
    `the claim ${name} is ReadWriteOncePod, and the pod ${pod.metadata.name} has it: no other pod can read it meanwhile. ` +
      "No snapshot can be taken while its gateway runs. Give the workload a claim with ReadWriteOnce.",
  );
}

function mounts({ spec }: Pod, claim: string): boolean {
  return spec.volumes?.some(({ persistentVolumeClaim: mounted }) => mounted?.claimName === claim) === true;
}

/** By the order of the claims: a workload's state comes before what all share. */
export function nodeOf(pods: readonly Pod[], claims: readonly string[]): string | undefined {
  const live = pods.filter((pod) => !hasEnded(pod) && pod.spec.nodeName !== undefined);
  for (const claim of claims) {
    const user = live.find((pod) => mounts(pod, claim));
    if (user !== undefined) return user.spec.nodeName;
  }
  return undefined;
}

/** Pods of workloads, and the nodes that they run on. */
export async function workloadPods(cluster: Cluster): Promise<Pod[]> {
  const pods = await cluster.list<Pod>(cluster.in("v1", "pods"), { labelSelector: workloadLabel });
  return pods.filter((pod) => !hasEnded(pod));
}

/** Those of these names, or all; undefined: the deployer may not look at nodes, which belong to no namespace. */
export async function nodes(cluster: Cluster, names?: readonly string[]): Promise<ClusterNode[] | undefined> {
  try {
    if (names === undefined) return await cluster.list<ClusterNode>("/api/v1/nodes");
    return await Promise.all(
      names.map((name) => cluster.ask<ClusterNode>({ path: `/api/v1/nodes/${encodeURIComponent(name)}` })),
    );
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return undefined;
  }
}
