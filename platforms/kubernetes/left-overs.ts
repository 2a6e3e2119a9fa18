import type { LeftOver } from "../platform.ts";
import type { Cluster } from "./cluster.ts";
import { hasEnded } from "./found-unit.ts";
import { pullsFor } from "./image.ts";
import { labelValue, oneShotAnnotation, oneShotLabel, purposeAnnotation } from "./labels.ts";
import { deadLeases, removeDeadLease } from "./lock.ts";
import type { Claim, Metadata, Pod, SecretObject } from "./objects.ts";
import { removePod, removeSecret } from "./pods.ts";
import { unlessGone } from "./refusal.ts";

/**
 * What killed runs have left of these workloads: pods of every kind, claims of trials, and locks that nothing holds. What a
 * pod had for an input goes with it, unless it never came to the pod.
 */
export async function leftOversOf(cluster: Cluster, workloads: readonly string[]): Promise<LeftOver[]> {
  const marked = { labelSelector: oneShotLabel };
  const pods = await cluster.list<Pod>(cluster.in("v1", "pods"), marked);
  const secrets = await cluster.list<SecretObject>(cluster.in("v1", "secrets"), marked);
  const alone = secrets.filter(({ metadata }) => !pods.some((pod) => pod.metadata.name === metadata.name));
  const claims = await cluster.list<Claim>(cluster.in("v1", "persistentvolumeclaims"), marked);
  const dead = await deadLeases(cluster);
  return [
    ...pods.flatMap((pod) =>
      leftOver("container", pod.metadata, hasEnded(pod) ? [...workloads, pullsFor] : workloads),
    ),
    ...alone.flatMap(({ metadata }) => leftOver("container", metadata, workloads)),
    // A claim goes after the pod that mounts it.
    ...claims.flatMap(({ metadata }) => leftOver("volume", metadata, workloads)),
    ...dead
      .filter(({ holder }) => workloads.includes(holder.of) || holder.kind === "drill")
      .map(({ name, holder }) => ({
        ...{ kind: "lock" as const, id: name },
        what: `${holder.purpose} on ${holder.host}`,
      })),
  ];
}

function leftOver(
  kind: "container" | "volume",
  { name, annotations = {} }: Metadata,
  workloads: readonly string[],
): LeftOver[] {
  const workload = annotations[oneShotAnnotation]?.split("/")[0];
  const purpose = annotations[purposeAnnotation] ?? "short-lived pod";
  return workload === undefined || !workloads.includes(workload)
    ? []
    : [{ kind, id: name, what: `${purpose} of ${workload}` }];
}

export async function removeLeftOver(cluster: Cluster, { kind, id }: LeftOver): Promise<void> {
  if (kind === "lock") return removeDeadLease(cluster, id);
  if (kind === "container") {
    await removePod(cluster, id, { ended: false });
    return removeSecret(cluster, id);
  }
  await unlessGone(cluster.ask({ method: "DELETE", path: cluster.in("v1", "persistentvolumeclaims", id) }));
}

export async function endJobs(cluster: Cluster, workload: string): Promise<string[]> {
  const pods = await cluster.list<Pod>(cluster.in("v1", "pods"), {
    labelSelector: `${oneShotLabel}=${labelValue(workload)}`,
  });
  for (const { metadata } of pods) await removePod(cluster, metadata.name, { ended: false });
  return pods.map(({ metadata }) => metadata.annotations?.[purposeAnnotation] ?? oneShotLabel);
}
