import type { Container, ContainerStatus, Pod, Terminated } from "./objects.ts";

/** Reasons why a container that waits will not come up by waiting. */
const hopeless: Readonly<Record<string, string>> = {
  CrashLoopBackOff: "ends again and again",
  ErrImagePull: "can't pull its image",
  ImagePullBackOff: "can't pull its image",
  InvalidImageName: "has a reference of an image that is none",
  ErrImageNeverPull: "has no image on its node",
  CreateContainerConfigError: "names settings that are not there",
  CreateContainerError: "can't make its container",
  RunContainerError: "can't start its program",
};

export function statusOf(pod: Pod, container: string): ContainerStatus | undefined {
  return [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].find(
    ({ name }) => name === container,
  );
}

export function isReady(pod: Pod): boolean {
  return conditionOf(pod, "Ready")?.status === "True" && pod.metadata.deletionTimestamp === undefined;
}

export function conditionOf({ status }: Pod, type: string) {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** As a health check of a unit would say it; undefined: it has none. */
export function healthOf(pod: Pod, container: Container): "healthy" | "starting" | "unhealthy" | undefined {
  const status = statusOf(pod, container.name);
  if (status?.state?.waiting?.reason !== undefined && hopeless[status.state.waiting.reason] !== undefined) {
    return "unhealthy";
  }
  if (isReady(pod)) return container.readinessProbe === undefined ? undefined : "healthy";
  // Once it was ready it is not starting any more; and Kubernetes keeps no word of that but the time of the change.
  const wasReady =
    container.readinessProbe !== undefined &&
    status?.state?.running?.startedAt !== undefined &&
    isLater(conditionOf(pod, "Ready")?.lastTransitionTime, status.state.running.startedAt);
  return wasReady ? "unhealthy" : "starting";
}

function isLater(time: string | undefined, other: string): boolean {
  return time !== undefined && new Date(time) > new Date(other);
}

/** How its last start ended. */
export function lastEnd(status: ContainerStatus | undefined): Terminated | undefined {
  return status?.state?.terminated ?? status?.lastState?.terminated;
}

/** No program of it ever ran: the image has no such file, or the node could not start it. */
export function neverBegan(end: Terminated | undefined): boolean {
  return end?.reason === "StartError" || end?.reason === "ContainerCannotRun";
}

/** Why a container will not come up by waiting for it; undefined: it may. */
export function troubleOf(pod: Pod, container: string): string | undefined {
  const status = statusOf(pod, container);
  const { waiting, terminated } = status?.state ?? {};
  const how = waiting?.reason === undefined ? undefined : hopeless[waiting.reason];
  if (how !== undefined) {
    const end = lastEnd(status);
    const code = end === undefined || waiting?.reason !== "CrashLoopBackOff" ? "" : `, ${endText(end)}`;
    const said = waiting?.message === undefined || code !== "" ? "" : `: ${oneLine(waiting.message)}`;
    return `${how} (${waiting?.reason}${code})${said}`;
  }
  if (pod.status?.phase === "Failed" && terminated === undefined) {
    return `failed (${pod.status.reason ?? "no reason given"})${pod.status.message ? `: ${oneLine(pod.status.message)}` : ""}`;
  }
  if (terminated !== undefined && pod.spec.restartPolicy === "Never") {
    return `ended with ${endText(terminated)}`;
  }
  return undefined;
}

/** Somebody ends a pod of ours before we do: what becomes of it says nothing of what it was for. */
export function removedBy({ metadata }: Pod): string | undefined {
  return metadata.deletionTimestamp === undefined
    ? undefined
    : "was removed meanwhile: another run has taken its lock over, or its node is drained";
}

/** `exit code 137 (OOMKilled)` */
export function endText({ exitCode, reason }: Terminated): string {
  return `exit code ${exitCode}${reason === undefined || reason === "Error" || reason === "Completed" ? "" : ` (${reason})`}`;
}

/** Seconds for which every node has turned it away. */
export function turnedAwayFor(pod: Pod, now: Date): number {
  const scheduled = conditionOf(pod, "PodScheduled");
  const since = scheduled?.status === "False" ? scheduled.lastTransitionTime : undefined;
  return since === undefined ? 0 : (now.getTime() - Date.parse(since)) / 1000;
}

/** What a pod that is not up yet waits for. */
export function waitsFor(pod: Pod, container: string): string {
  const scheduled = conditionOf(pod, "PodScheduled");
  if (scheduled?.status === "False") {
    return `no node takes it (${scheduled.reason ?? "Unschedulable"}${scheduled.message ? `: ${oneLine(scheduled.message)}` : ""})`;
  }
  const status = statusOf(pod, container);
  const waiting = status?.state?.waiting;
  if (waiting !== undefined) {
    return `it waits (${waiting.reason ?? "no reason given"}${waiting.message ? `: ${oneLine(waiting.message)}` : ""})`;
  }
  if (status?.state?.running !== undefined) return "it runs and is not ready";
  if (pod.metadata.deletionTimestamp !== undefined) return "it is being stopped";
  return `it is ${pod.status?.phase ?? "not begun"}`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim().slice(0, 400);
}
