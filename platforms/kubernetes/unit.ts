import { digestIn } from "../../config/digest.ts";
import { fingerprint } from "../../config/fingerprint.ts";
import { fieldOf } from "../../config/json.ts";
import { managingControlPlane } from "../clawforce/recognise.ts";
import type { Unit, UnitMount } from "../platform.ts";
import { controllerKinds } from "./controller-kind.ts";
import { type FoundUnit, ownContainer, podOf } from "./found-unit.ts";
import { exitAnnotation, madeAnnotation } from "./labels.ts";
import type { Container, PodTemplate, Volume } from "./objects.ts";
import { conditionOf, healthOf, lastEnd, statusOf } from "./pod-health.ts";

/** What Kubernetes gives a pod that says nothing. Seconds. */
const usualGrace = 30;

/** All but its variables, whose values stand elsewhere: see `variablesOf`. */
export function unitOf(found: FoundUnit): Omit<Unit, "environment"> {
  const { controller } = found;
  const { template } = controller.spec;
  const container = ownContainer({ name: controller.metadata.name, spec: template.spec });
  const pod = podOf(found);
  const status = pod && statusOf(pod, container.name);
  const image = withDigest(container.image ?? "", status?.imageID);
  const managedBy = managingControlPlane(controller.metadata.labels ?? {});
  const health = pod && healthOf(pod, container);
  return {
    id: unitId(found),
    image,
    imageId: runningDigest(status?.imageID) ?? digestIn(image),
    status: statusWord(found),
    running: isRunning(found),
    paused: false,
    health,
    exitCode: lastEnd(status)?.exitCode ?? stoppedWith(found),
    startedAt: status?.state?.running?.startedAt ?? pod?.status?.startTime ?? "",
    since: sinceOf(found),
    restarts: status?.restartCount ?? 0,
    mounts: mountsOf(container, template.spec.volumes),
    stopGrace: template.spec.terminationGracePeriodSeconds ?? usualGrace,
    restart: "Kubernetes",
    ...(managedBy !== undefined && { managedBy }),
  };
}

/** The same as long as nothing is made anew: a stop, a start or an eviction keep it. */
export function unitId({ kind, controller }: Pick<FoundUnit, "kind" | "controller">): string {
  return `${controllerKinds[kind].mark}${controller.metadata.uid}/${madeOf(controller.spec.template)}`;
}

/** What a template was made for, by its own word, else by its content. */
export function madeOf(template: PodTemplate): string {
  return template.metadata?.annotations?.[madeAnnotation] ?? templateHash(template);
}

/** Of the content, in whatever order its keys come. */
export function templateHash(template: PodTemplate): string {
  return fingerprint(sorted(template));
}

export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, each]) => [key, sorted(each)]),
  );
}

export function isRunning({ controller, pods }: FoundUnit): boolean {
  return (controller.spec.replicas ?? 1) >= 1 && pods.length > 0;
}

export function statusWord(found: FoundUnit): string {
  const { controller } = found;
  const replicas = controller.spec.replicas ?? 1;
  const pod = podOf(found);
  if (pod === undefined) return replicas === 0 ? "stopped" : "starting";
  if (pod.metadata.deletionTimestamp !== undefined || replicas === 0) return "terminating";
  const own = statusOf(pod, ownContainer({ name: controller.metadata.name, spec: pod.spec }).name);
  const waiting = own?.state?.waiting?.reason;
  if (own?.state?.running !== undefined) return "running";
  if (waiting === undefined || waiting === "ContainerCreating" || waiting === "PodInitializing")
    return "starting";
  // No program has run in it yet: what is wrong says nothing of its state.
  return own?.state?.terminated === undefined && own?.lastState?.terminated === undefined
    ? "created"
    : waiting;
}

/** A reference that names a tag alone, with the digest of what runs; as it is where that has none in a registry. */
function withDigest(image: string, imageId = ""): string {
  return image.includes("@") || !imageId.includes("@") ? image : `${image}@${digestIn(imageId)}`;
}

/** `sha256:…` of `registry/name@sha256:…`; undefined: nothing runs. */
export function runningDigest(imageId: string | undefined): string | undefined {
  return imageId === undefined || imageId === "" ? undefined : digestIn(imageId);
}

/** The pod is gone with its exit code: our own stop has written it down. */
function stoppedWith({ controller }: FoundUnit): number {
  return Number(controller.metadata.annotations?.[exitAnnotation] ?? 0);
}

function sinceOf(found: FoundUnit): string {
  const { controller } = found;
  const pod = podOf(found);
  if (pod !== undefined) {
    return conditionOf(pod, "Ready")?.lastTransitionTime ?? pod.metadata.creationTimestamp ?? "";
  }
  const times = (controller.metadata.managedFields ?? []).flatMap(({ time }) => time ?? []).toSorted();
  return times.at(-1) ?? controller.metadata.creationTimestamp ?? "";
}

/** What a container sees of claims and of paths of its node. */
export function mountsOf(container: Container, volumes: readonly Volume[] = []): UnitMount[] {
  return (container.volumeMounts ?? []).flatMap(({ name, mountPath, readOnly, subPath }) => {
    const volume = volumes.find((each) => each.name === name);
    const claim = volume?.persistentVolumeClaim;
    const writable = readOnly !== true && claim?.readOnly !== true;
    if (claim !== undefined) {
      return [{ from: placeIn(claim.claimName, subPath), at: mountPath, writable }];
    }
    const path = fieldOf(volume?.hostPath, "path");
    return typeof path === "string" ? [{ from: { directory: path }, at: mountPath, writable }] : [];
  });
}

/** A folder of a claim counts as the folder: the claim has others too. */
function placeIn(claim: string, subPath: string | undefined): UnitMount["from"] {
  return subPath === undefined ? { volume: claim } : { directory: `/${subPath}` };
}
