import { posix } from "node:path";
import { OperationFailure } from "../failure.ts";
import type { Platform } from "../platform.ts";
import type { Cluster } from "./cluster.ts";
import { controllerKinds, isControllerKind } from "./controller-kind.ts";
import { findUnit, hasEnded, isMadeBy, refuseReplicas } from "./found-unit.ts";
import { oneShotLabel, workloadLabel } from "./labels.ts";
import type { Autoscaler, Controller, Metadata, Pod, PodTemplate } from "./objects.ts";
import { type Place, placeOf } from "./places.ts";

/** What has a state open, or would be started on it. */
export interface Writer {
  /** "the pod bot-a-0", "the StatefulSet bot-b" */
  what: string;
  /** "the claim bot-a-state" */
  place: string;
  /** What stops it. */
  command: string;
}

type Owner = Parameters<Platform["refuseOtherWriters"]>[0];

/** All that could make a pod, in one look. */
export interface Makers {
  pods: Pod[];
  /** By the kind that they are of. */
  controllers: { kind: string; metadata: Metadata; template: PodTemplate; starts: boolean; stop: string }[];
}

/** Refuses while something else has the state open, or would start a pod on it, or starts the unit by itself. */
export async function refuseOtherWriters(cluster: Cluster, owner: Owner): Promise<void> {
  const found = await findUnit(cluster, owner.unit);
  if (found !== undefined) refuseReplicas(cluster, found);
  await refuseAutoscaler(cluster, owner.unit);
  const makers = await makersIn(cluster);
  const writers = writersTo(
    makers,
    owner.unit,
    owner.state.map((each) => placeOf(cluster.settings, each)),
  );
  if (writers.length > 0) throw new OperationFailure(describeWriters(cluster, writers));
}

export function describeWriters(cluster: Pick<Cluster, "kubectl">, writers: readonly Writer[]): string {
  const who = writers.map(({ what, place }) => `${what} has ${place}`);
  const commands = writers.map(({ command }) => `\`${cluster.kubectl(command)}\``);
  return (
    `something else writes to the same state: ${who.join(", ")}. Two gateways on one state destroy it. ` +
    `Stop it (${[...new Set(commands)].join(", ")}), then try again.`
  );
}

/** Pods and what would make one, but for the unit's own and the short-lived ones of ours. */
export function writersTo(makers: Makers, unit: string, places: readonly Place[]): Writer[] {
  const own = makers.controllers.filter(
    ({ metadata, kind }) => metadata.name === unit && isControllerKind(kind),
  );
  const writing = makers.controllers.flatMap((maker) => {
    const place = maker.starts && !own.includes(maker) ? writtenIn(maker.template, places) : undefined;
    return place === undefined ? [] : [{ maker, place }];
  });
  const pods = makers.pods.flatMap((pod) => {
    const { name, labels = {} } = pod.metadata;
    if (labels[oneShotLabel] !== undefined || hasEnded(pod)) return [];
    // What makes it again is named in its place.
    if (
      [...own, ...writing.map(({ maker }) => maker)].some((maker) =>
        isMadeBy(pod, maker.kind, maker.metadata),
      )
    )
      return [];
    const place = writtenIn(pod, places);
    return place === undefined ? [] : [{ what: `the pod ${name}`, place, command: `delete pod ${name}` }];
  });
  return [
    ...writing.map(({ maker: { kind, metadata, stop }, place }) => ({
      ...{ what: `the ${kind} ${metadata.name}`, place, command: stop },
    })),
    ...pods,
  ];
}

/** The first of these places that it may write to, as words. */
function writtenIn({ spec }: Pick<Pod, "spec">, places: readonly Place[]): string | undefined {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  for (const { claim, folder } of places) {
    const volumes = (spec.volumes ?? []).filter(
      ({ persistentVolumeClaim: mounted }) => mounted?.claimName === claim && mounted.readOnly !== true,
    );
    const isWritten = containers.some(({ volumeMounts = [] }) =>
      volumeMounts.some(
        ({ name, subPath, readOnly }) =>
          readOnly !== true && volumes.some((each) => each.name === name) && overlap(subPath, folder),
      ),
    );
    if (isWritten)
      return folder === undefined ? `the claim ${claim}` : `the folder ${folder} of the claim ${claim}`;
  }
  return undefined;
}

/** Undefined is the whole claim. */
function overlap(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return true;
  const [a, b] = [one, other].map((path) => `${posix.normalize(path).replace(/\/+$/, "")}/`);
  return (a as string).startsWith(b as string) || (b as string).startsWith(a as string);
}

async function refuseAutoscaler(cluster: Cluster, unit: string): Promise<void> {
  const path = cluster.in("autoscaling/v2", "horizontalpodautoscalers");
  const found = (await cluster.list<Autoscaler>(path)).find(
    ({ spec }) => spec.scaleTargetRef.name === unit && isControllerKind(spec.scaleTargetRef.kind),
  );
  if (found === undefined) return;
  const { name } = found.metadata;
  throw new OperationFailure(
    `the HorizontalPodAutoscaler ${name} scales ${unit}: two gateways on one state destroy it. ` +
      `Remove it (\`${cluster.kubectl(`delete hpa ${name}`)}\`), then try again.`,
  );
}

async function makersIn(cluster: Cluster): Promise<Makers> {
  const list = <T>(api: string, kind: string) => cluster.list<T>(cluster.in(api, kind));
  const [pods, sets, deployments, daemons, schedules] = await Promise.all([
    list<Pod>("v1", "pods"),
    list<Controller>("apps/v1", controllerKinds.StatefulSet.resource),
    list<Controller>("apps/v1", controllerKinds.Deployment.resource),
    list<Controller>("apps/v1", "daemonsets"),
    list<{
      metadata: Metadata;
      spec: { suspend?: boolean; jobTemplate: { spec: { template: PodTemplate } } };
    }>("batch/v1", "cronjobs"),
  ]);
  const of = (kind: string, items: Controller[]) =>
    items.map(({ metadata, spec: { template, replicas = 1 } }) => ({
      ...{ kind, metadata, template, starts: kind === "DaemonSet" || replicas > 0 },
      stop:
        kind === "DaemonSet"
          ? `delete daemonset ${metadata.name}`
          : `scale ${kind.toLowerCase()} ${metadata.name} --replicas 0`,
    }));
  return {
    pods,
    controllers: [
      ...of("StatefulSet", sets),
      ...of("Deployment", deployments),
      ...of("DaemonSet", daemons),
      ...schedules.map(({ metadata, spec }) => ({
        ...{ kind: "CronJob", metadata, template: spec.jobTemplate.spec.template },
        starts: spec.suspend !== true,
        stop: `patch cronjob ${metadata.name} -p '{"spec":{"suspend":true}}'`,
      })),
    ],
  };
}

/** What a template may write to. */
export function writtenPlaces({ spec }: PodTemplate): Place[] {
  const mounts = [...spec.containers, ...(spec.initContainers ?? [])].flatMap(
    ({ volumeMounts = [] }) => volumeMounts,
  );
  return (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim: claim }) =>
    claim === undefined || claim.readOnly === true
      ? []
      : mounts
          .filter((mount) => mount.name === name && mount.readOnly !== true)
          .map(({ subPath }) => ({ claim: claim.claimName, folder: subPath })),
  );
}

/**
 * Pods that write where this unit does, and that nobody has declared: its own that were left behind, and those of strangers. What
 * gateways of ours share is shared on purpose.
 */
export async function podsLeftOn(cluster: Cluster, { metadata, spec }: Controller): Promise<string[]> {
  const all = await cluster.list<Pod>(cluster.in("v1", "pods"));
  const own = metadata.labels?.[workloadLabel];
  const pods = all.filter(({ metadata: { labels = {} } }) => {
    const workload = labels[workloadLabel];
    return workload === undefined || workload === own;
  });
  const makers = { pods, controllers: [] };
  return writersTo(makers, metadata.name, writtenPlaces(spec.template)).map(({ what }) => what);
}
