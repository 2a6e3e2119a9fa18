import { setTimeout as sleep } from "node:timers/promises";
import { EngineFailure, OperationFailure } from "../failure.ts";
import { until } from "../until.ts";
import type { Cluster } from "./cluster.ts";
import {
  callAnnotation,
  labelValue,
  networkLabel,
  oneShotAnnotation,
  oneShotLabel,
  purposeAnnotation,
} from "./labels.ts";
import type { KubernetesObject, Metadata, Pod, SecretObject } from "./objects.ts";
import { patchMetadata } from "./patch-metadata.ts";
import { turnedAwayFor, waitsFor } from "./pod-health.ts";
import { isConflict, unlessGone } from "./refusal.ts";

/** Seconds between two looks. */
const interval = 0.25;
/** Seconds in which a cluster may make a node for a pod, or take one back that is drained. Whatever the pod is for waits. */
const placePatience = 600;
/** Seconds that a node may take to end a pod that was given a second. */
const endPatience = 60;

/** What marks a short-lived object of ours. `apart`: a policy keeps it from every network. */
export function shortLived(
  name: string,
  {
    workload,
    purpose,
    call,
    apart = false,
  }: { workload: string; purpose: string; call: string; apart?: boolean },
): Metadata {
  return {
    name,
    labels: { [oneShotLabel]: labelValue(workload), ...(apart && { [networkLabel]: "none" }) },
    annotations: {
      [oneShotAnnotation]: workload,
      [purposeAnnotation]: purpose,
      [callAnnotation]: call,
    },
  };
}

/**
 * Makes an object, once however often it is asked: the server may have done it and not have said so. One of that name that
 * another call has made is a conflict.
 */
export async function createOnce<T extends KubernetesObject>(
  cluster: Cluster,
  path: string,
  object: T,
): Promise<T> {
  try {
    return await cluster.ask<T>({ method: "POST", path, body: object });
  } catch (error) {
    if (!isConflict(error)) throw error;
    const there = await unlessGone(cluster.ask<T>({ path: `${path}/${object.metadata.name}` }));
    const call = object.metadata.annotations?.[callAnnotation];
    if (call === undefined || there?.metadata.annotations?.[callAnnotation] !== call) throw error;
    return there;
  }
}

/**
 * Makes a pod whose variables have these values in a Secret of its name. That is there first, or the pod would wait for it; it
 * goes with the pod, however that goes.
 */
export async function createPod(
  cluster: Cluster,
  pod: Pod,
  secrets: Readonly<Record<string, string>>,
): Promise<Pod> {
  const pods = cluster.in("v1", "pods");
  if (Object.keys(secrets).length === 0) return createOnce(cluster, pods, pod);
  const { name } = pod.metadata;
  // One of a pod before it, which is on its way out or was left.
  await removeSecret(cluster, name);
  const secret: SecretObject = {
    ...{ apiVersion: "v1", kind: "Secret", metadata: { ...pod.metadata } },
    stringData: { ...secrets },
  };
  await createOnce(cluster, cluster.in("v1", "secrets"), secret);
  try {
    const made = await createOnce(cluster, pods, pod);
    await patchMetadata(cluster, cluster.in("v1", "secrets", name), goesWith(made));
    return made;
  } catch (error) {
    // A server that is gone is not waited for twice: `leftOversOf` finds it.
    if (!(error instanceof EngineFailure)) await removeSecret(cluster, name).catch(() => {});
    throw error;
  }
}

export async function removeSecret(cluster: Cluster, name: string): Promise<void> {
  await unlessGone(cluster.ask({ method: "DELETE", path: cluster.in("v1", "secrets", name) }));
}

/** What has it goes with the pod, however that goes. */
export function goesWith({ metadata: { name, uid = "" } }: Pod): Pick<Metadata, "ownerReferences"> {
  return { ownerReferences: [{ apiVersion: "v1", kind: "Pod", name, uid }] };
}

/** Looks at a pod until there is what is waited for; undefined from `look` goes on. */
export async function followPod<T>(
  cluster: Cluster,
  name: string,
  {
    deadline,
    late,
    look,
  }: { deadline: number; late: (pod: Pod) => Error; look: (pod: Pod) => T | undefined },
): Promise<T> {
  const end = performance.now() + deadline * 1000;
  for (;;) {
    const pod = await unlessGone(cluster.ask<Pod>({ path: cluster.in("v1", "pods", name) }));
    if (pod === undefined) {
      throw new OperationFailure(`the pod ${name} is gone: somebody has removed it, or its node is gone.`);
    }
    const found = look(pod);
    if (found !== undefined) return found;
    if (performance.now() > end) throw late(pod);
    if (turnedAwayFor(pod, cluster.now) > placePatience) throw homeless(pod);
    await sleep(interval * 1000);
  }
}

function homeless(pod: Pod): OperationFailure {
  const why = `the pod ${pod.metadata.name} has waited for ${placePatience / 60} minutes: ${waitsFor(pod, "")}`;
  return new OperationFailure(`${why}. Make room on a node or uncordon one, then try again.`);
}

/**
 * Removes a pod. `ended`: nothing of it writes any more, so its node is not waited for. Else it is gone when this returns:
 * what comes next on its claims must not meet it.
 */
export async function removePod(
  cluster: Cluster,
  name: string,
  { ended }: { ended: boolean },
): Promise<void> {
  await tellToEnd(cluster, name, ended ? 0 : 1);
  if (ended) return;
  await untilPodGone(cluster, name, endPatience);
}

/** Nobody waits for it here: see `untilLeft`. */
export async function tellToEnd(cluster: Cluster, name: string, grace = 1): Promise<void> {
  const path = cluster.in("v1", "pods", name);
  await unlessGone(cluster.ask({ method: "DELETE", path, body: { gracePeriodSeconds: grace } }));
}

/**
 * Until our short-lived pods that were told to end have left these claims, but for the one that all share. What a volume belongs to is set for its first pod
 * alone: a gateway that is started must not meet one of them there.
 */
export async function untilLeft(cluster: Cluster, claims: readonly string[]): Promise<void> {
  const own = claims.filter((claim) => claim !== cluster.settings.folders);
  const pods = await cluster.list<Pod>(cluster.in("v1", "pods"), { labelSelector: oneShotLabel });
  const leaving = pods.filter(
    (pod) =>
      pod.metadata.deletionTimestamp !== undefined &&
      pod.spec.volumes?.some(({ persistentVolumeClaim: claim }) => own.includes(claim?.claimName ?? "")),
  );
  for (const { metadata } of leaving) await untilPodGone(cluster, metadata.name, endPatience);
}

/** Until there is no pod of this name, seconds at most. */
export function untilPodGone(cluster: Cluster, name: string, deadline: number): Promise<void> {
  const path = cluster.in("v1", "pods", name);
  return until(
    async () =>
      (await unlessGone(cluster.ask<Pod>({ path }))) === undefined
        ? { found: undefined }
        : { waitsFor: name },
    {
      ...{ deadline, interval },
      late: () =>
        new OperationFailure(
          `the pod ${name} does not end. Its node may be gone: \`${cluster.kubectl(`get pod ${name} -o wide`)}\` shows which it is.`,
        ),
    },
  );
}

/** After a failure: that of the removal must not hide it. An API server that is gone is not waited for twice. */
export async function removeAfter(
  cluster: Cluster,
  name: string,
  error: unknown,
  how: { ended: boolean },
): Promise<void> {
  if (error instanceof EngineFailure) return;
  const work = removePod(cluster, name, how);
  if (error === undefined) await work;
  else await work.catch(() => {});
}
