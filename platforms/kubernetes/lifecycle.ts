import { digestIn } from "../../config/digest.ts";
import { OperationFailure } from "../failure.ts";
import { until } from "../until.ts";
import type { Cluster } from "./cluster.ts";
import { whyNoPod } from "./events.ts";
import { type FoundUnit, findUnit, ownContainer, pathOf, podOf, refuseReplicas } from "./found-unit.ts";
import { asMade, asRemoved, note } from "./in-place.ts";
import { exitAnnotation, fieldManager, workloadLabel } from "./labels.ts";
import { lastLines } from "./logs.ts";
import type { Pod } from "./objects.ts";
import { healthOf, isReady, statusOf, troubleOf, waitsFor } from "./pod-health.ts";
import { untilLeft } from "./pods.ts";
import { isConflict, Refusal, unlessGone } from "./refusal.ts";
import { gracePeriod, killedCode, stoppedCode, watchEnd } from "./watch-end.ts";
import { podsLeftOn, writtenPlaces } from "./writers.ts";

/** Seconds that a node may take to tell that a pod is gone, after its grace. */
const nodePatience = 60;
/** Seconds between two looks. */
const interval = 0.3;
/** Lines of its log in a message. */
const shownLines = 5;

export async function mustFind(cluster: Cluster, name: string): Promise<FoundUnit> {
  const found = await findUnit(cluster, name);
  if (found === undefined) {
    throw new OperationFailure(
      `there is no StatefulSet and no Deployment ${name} in the namespace ${cluster.namespace}.`,
    );
  }
  return found;
}

/** Stops a unit, and proves that its pod is gone and that no other one writes to its claims. */
export async function stopUnit(
  cluster: Cluster,
  name: string,
  grace: number,
): Promise<{ seconds: number; killed: boolean }> {
  const began = performance.now();
  const found = await mustFind(cluster, name);
  refuseReplicas(cluster, found);
  const ends = found.pods.map((pod) => watchEnd(cluster, pod));
  try {
    await scale(cluster, found, 0);
    for (const pod of found.pods) await endPod(cluster, pod, grace);
    await untilGone(cluster, found, grace);
  } finally {
    for (const end of ends) end.close();
  }
  const took = (performance.now() - began) / 1000;
  const writers = await podsLeftOn(cluster, found.controller);
  if (writers.length > 0) {
    throw new OperationFailure(
      `${name} is stopped, but ${writers.join(", ")} has its state open. Stop that first, then try again.`,
    );
  }
  const known = ends.map(({ exitCode }) => exitCode()).find((code) => code !== undefined);
  const stopped = found.pods.length > 0;
  const before = Number(found.controller.metadata.annotations?.[exitAnnotation] ?? 0);
  const code = stopped ? stoppedCode(known, took, grace) : before;
  if (stopped) await recordExit(cluster, found, code);
  return { seconds: Math.round(took * 10) / 10, killed: code === killedCode };
}

export async function scale(
  cluster: Cluster,
  { kind, controller }: FoundUnit,
  replicas: number,
): Promise<void> {
  await cluster.ask({
    method: "PATCH",
    path: pathOf(cluster, kind, controller.metadata.name, "scale"),
    query: { fieldManager },
    type: "application/merge-patch+json",
    body: { spec: { replicas } },
  });
}

/** The controller ends it as well, with the grace of its template: the shorter one counts. */
async function endPod(cluster: Cluster, { metadata }: Pod, grace: number): Promise<void> {
  const work = cluster.ask({
    method: "DELETE",
    path: cluster.in("v1", "pods", metadata.name),
    body: { gracePeriodSeconds: gracePeriod(grace), preconditions: { uid: metadata.uid } },
  });
  await unlessGone(work).catch((error) => {
    // Another one of its name is there: none of those that were to end.
    if (!isConflict(error)) throw error;
  });
}

/** Those that were there, as objects: one that has ended can still have its volumes. And whatever came meanwhile. */
async function untilGone(cluster: Cluster, { controller, pods }: FoundUnit, grace: number): Promise<void> {
  const patience = grace + nodePatience;
  const isLeft = async ({ metadata: { name, uid } }: Pod) =>
    (await unlessGone(cluster.ask<Pod>({ path: cluster.in("v1", "pods", name) })))?.metadata.uid === uid;
  await until(
    async () => {
      for (const pod of pods) if (await isLeft(pod)) return { waitsFor: pod.metadata.name };
      const [left] = (await mustFind(cluster, controller.metadata.name)).pods;
      return left === undefined ? { found: undefined } : { waitsFor: left.metadata.name };
    },
    {
      deadline: patience,
      interval,
      late: (pod) =>
        new OperationFailure(
          `the pod ${pod} is still there ${Math.round(patience)} s after it was stopped. Its node may be gone: ` +
            `look at it with \`${cluster.kubectl(`get pod ${pod} -o wide`)}\` and \`kubectl get node\`. ` +
            "It may still write to its state, so nothing else was started.",
        ),
    },
  );
}

/** For what comes after: a gateway that was killed has left locks. Where the right is missing nothing is lost but that. */
async function recordExit(cluster: Cluster, found: FoundUnit, code: number): Promise<void> {
  try {
    await note(cluster, found, { [exitAnnotation]: String(code) });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}

/** Starts a unit that is there, or that the provider has made, and waits until it is healthy. */
export async function startUnit(cluster: Cluster, name: string, wait: number): Promise<void> {
  const found = await mustFind(cluster, name);
  refuseReplicas(cluster, found);
  const isOurs = found.controller.metadata.labels?.[workloadLabel] !== undefined;
  // Before it runs: who finds it half done must not take it for nothing.
  await note(cluster, found, isOurs ? asMade(found) : { [exitAnnotation]: null });
  const claims = writtenPlaces(found.controller.spec.template).map(({ claim }) => claim);
  await untilLeft(cluster, claims);
  if (found.controller.spec.replicas === 0) await scale(cluster, found, 1);
  await waitHealthy(cluster, name, wait);
}

/** One pod, of the template's image, and ready. What does not come up by waiting is told at once. */
export async function waitHealthy(cluster: Cluster, name: string, wait: number): Promise<void> {
  let found: FoundUnit;
  const since = cluster.now;
  await until(
    async () => {
      found = await mustFind(cluster, name);
      const problem = unhealthyBecause(found);
      if (problem === undefined) return { found: undefined };
      if (!problem.forGood) return { waitsFor: problem.text };
      throw await told(cluster, found, problem.text, wait);
    },
    {
      deadline: wait,
      interval,
      late: async (text) =>
        new OperationFailure(
          `${name} ${await withReason(cluster, found, text, since)} (waited ${wait} s at most). ${lookAt(cluster, found)}`,
        ),
    },
  );
}

/** A pod that its controller can't make says nothing: its controller does. */
async function withReason(
  cluster: Cluster,
  { kind, controller, pods }: FoundUnit,
  text: string,
  since: Date,
): Promise<string> {
  if (pods.length > 0) return text;
  const why = await whyNoPod(cluster, { kind, name: controller.metadata.name }, since);
  return why === undefined ? text : `${text}: ${why}`;
}

/** Undefined: it serves. */
export function unhealthyBecause(found: FoundUnit): { text: string; forGood: boolean } | undefined {
  const { controller, pods } = found;
  const container = ownContainer({ name: controller.metadata.name, spec: controller.spec.template.spec });
  const pod = podOf(found);
  if (controller.spec.replicas === 0) {
    return { text: "is stopped: it has 0 replicas", forGood: true };
  }
  if (pod === undefined) return { text: "has no pod yet", forGood: false };
  if (pods.length > 1) {
    const names = pods.map(({ metadata }) => metadata.name).join(", ");
    return { text: `has ${pods.length} pods (${names})`, forGood: false };
  }
  const own = ownContainer({ name: pod.metadata.name, spec: pod.spec });
  if (pod.metadata.deletionTimestamp === undefined && own.image === container.image) {
    const trouble = troubleOf(pod, own.name);
    if (trouble !== undefined) return { text: trouble, forGood: true };
  }
  if (own.image !== container.image) {
    const [runs, wanted] = [own.image, container.image].map((image) => digestIn(image ?? "").slice(0, 19));
    return { text: `has a pod of another image (${runs} in place of ${wanted})`, forGood: false };
  }
  if (isReady(pod)) return undefined;
  const health = healthOf(pod, own);
  return { text: `is ${health ?? "not ready"}: ${waitsFor(pod, own.name)}`, forGood: false };
}

async function told(
  cluster: Cluster,
  found: FoundUnit,
  problem: string,
  wait: number,
): Promise<OperationFailure> {
  const { name } = found.controller.metadata;
  const pod = podOf(found);
  const container = pod && ownContainer({ name, spec: pod.spec }).name;
  const hasRun = pod && container && (statusOf(pod, container)?.restartCount ?? 0) > 0;
  const lines = hasRun ? await lastLines(cluster, pod.metadata.name, container, shownLines) : [];
  const said = lines.length === 0 ? "" : ` Its last lines: ${lines.join(" | ")}`;
  return new OperationFailure(
    `${name} ${problem} (waited ${wait} s at most).${said} ${lookAt(cluster, found)}`,
  );
}

function lookAt(cluster: Cluster, { kind, controller, pods }: FoundUnit): string {
  const [pod] = pods;
  const what =
    pod === undefined ? `${kind.toLowerCase()} ${controller.metadata.name}` : `pod ${pod.metadata.name}`;
  return `Look: \`${cluster.kubectl(`describe ${what}`)}\`.`;
}

/** Only one that is stopped. The controller stays, because the provider changes it in its place: it counts as nothing. */
export async function removeUnit(cluster: Cluster, name: string): Promise<void> {
  const found = await mustFind(cluster, name);
  const { kind, controller, pods } = found;
  if (pods.length > 0 || controller.spec.replicas !== 0) {
    throw new OperationFailure(`the ${kind} ${name} is not stopped, so it was not removed.`);
  }
  await note(cluster, found, asRemoved);
}
