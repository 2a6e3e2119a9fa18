import { randomBytes } from "node:crypto";
import type { StatePlace, StatePlaces } from "../../config/state-places.ts";
import { OperationFailure } from "../failure.ts";
import { type ProgramResult, type ProgramRun, type Trial, TrialFailed } from "../platform.ts";
import { until } from "../until.ts";
import type { Cluster } from "./cluster.ts";
import { findUnit, ownContainer } from "./found-unit.ts";
import { objectName, trialLabel } from "./labels.ts";
import { lastLines } from "./logs.ts";
import { keepFromNetwork, openedByOthers, openNetwork } from "./network.ts";
import { nodeUsing, onNode } from "./node-of.ts";
import type { Claim, Pod } from "./objects.ts";
import { findClaim, placeOfJob } from "./places.ts";
import { endText, isReady, neverBegan, removedBy, statusOf, troubleOf, waitsFor } from "./pod-health.ts";
import {
  createOnce,
  createPod,
  followPod,
  removeAfter,
  removePod,
  shortLived,
  untilLeft,
  untilPodGone,
} from "./pods.ts";
import { unlessGone } from "./refusal.ts";
import { programPod, proof, startBy, startOf, trialPod, tried } from "./trial-pod.ts";
import { gracePeriod, killedCode, stoppedCode, watchEnd } from "./watch-end.ts";

/** Lines of what it said that tell why it has ended; few of them are worth showing. */
const lastLinesOfTrial = 40;
/** Seconds that a claim may take to go: as long as a pod has it, it stays. */
const claimPatience = 120;
/** Lines and characters of what a program prints that are kept, from its end. */
const [keptLines, longestOutput] = [5000, 64 * 1024];

interface Scratch {
  name: string;
  workload: string;
  like: StatePlaces;
}

/** A claim of its own name, and one more for each further place, each like the one that it is a copy of. */
export async function makeScratch(
  cluster: Cluster,
  { name, workload, like: [main, ...further] }: Scratch,
): Promise<StatePlaces> {
  const call = randomBytes(4).toString("hex");
  const copyOf = async ({ from, at }: StatePlace, volume: string): Promise<StatePlace> => {
    const { claim } = placeOfJob(cluster.settings, from);
    const original = await findClaim(cluster, claim);
    if (original === undefined) {
      throw new OperationFailure(`the claim ${claim} is not there, so no copy of it can be made.`);
    }
    await createOnce(
      cluster,
      cluster.in("v1", "persistentvolumeclaims"),
      scratchClaim(original, { name, volume, workload, call }),
    );
    return { from: { volume }, at };
  };
  const volume = objectName(name, 240);
  const copy = await copyOf(main, volume);
  const copies: StatePlace[] = [];
  // No name of a workload has a dot: none of these is the claim of another one's trial.
  for (const place of further) copies.push(await copyOf(place, `${volume}.${copies.length + 1}`));
  return [copy, ...copies];
}

export function scratchClaim(
  { metadata, spec, status }: Claim,
  { name, volume, workload, call }: { name: string; volume: string; workload: string; call: string },
): Claim {
  const { storageClassName, accessModes = ["ReadWriteOnce"], resources, volumeMode } = spec;
  if (storageClassName === "") {
    throw new OperationFailure(
      `the claim ${metadata.name} has no storage class, so Kubernetes makes no volume for a copy of it. ` +
        "Give its workload a claim with a storage class.",
    );
  }
  const { labels = {}, ...marks } = shortLived(volume, { workload, purpose: "drill", call });
  const storage = status?.capacity?.storage ?? resources?.requests?.storage ?? "1Gi";
  return {
    ...{ apiVersion: "v1", kind: "PersistentVolumeClaim" },
    metadata: { ...marks, labels: { ...labels, [trialLabel]: objectName(name) } },
    spec: {
      // What works on a copy comes one after the other, and sometimes two at once.
      accessModes: accessModes.map((mode) => (mode === "ReadWriteOncePod" ? "ReadWriteOnce" : mode)),
      ...(storageClassName !== undefined && { storageClassName }),
      ...(volumeMode !== undefined && { volumeMode }),
      resources: { requests: { storage } },
    },
  };
}

/** Returns once it is healthy, with what it was not kept apart from. */
export async function runTrial(cluster: Cluster, trial: Trial): Promise<string | undefined> {
  const { workload, like, deadline } = trial;
  const name = objectName(trial.name, 253);
  await keepFromNetwork(cluster);
  const served = like.unit === undefined ? undefined : await findUnit(cluster, like.unit);
  const start =
    served === undefined
      ? startBy(like.otherwise, cluster.settings, name)
      : startOf(
          served.controller.spec.template,
          ownContainer({ name: workload, spec: served.controller.spec.template.spec }),
        );
  const call = randomBytes(4).toString("hex");
  const { settings } = cluster;
  const made = trialPod({ ...trial, name }, { settings, start, call });
  await createPod(cluster, made, start.secrets);
  const failed = async (pod: Pod, reason: string) => {
    const { running, terminated: end } = statusOf(pod, tried)?.state ?? {};
    // What keeps it from beginning says nothing of what was to be tried.
    const isTried = (running ?? end) !== undefined && removedBy(pod) === undefined;
    if (!isTried) throw new OperationFailure(reason);
    throw new TrialFailed(reason, {
      said: await lastLines(cluster, name, tried, lastLinesOfTrial),
      outOfMemory: end?.reason === "OOMKilled" ? Math.max(trial.limits.memory, start.memory) : undefined,
    });
  };
  const [pod, reason] = await followPod<[Pod, string | undefined]>(cluster, name, {
    deadline,
    look: (seen) => {
      if (isReady(seen)) return [seen, undefined];
      const trouble = removedBy(seen) ?? troubleOf(seen, tried) ?? proofTrouble(seen);
      return trouble === undefined
        ? undefined
        : [seen, `the pod ${name} ${trouble} (waited ${deadline} s at most).`];
    },
    late: (seen) => new LateTrial(seen),
  }).catch((error): [Pod, string] => {
    if (!(error instanceof LateTrial)) throw error;
    return [
      error.pod,
      `the pod ${name} is not ready: ${waitsFor(error.pod, tried)} (waited ${deadline} s at most).`,
    ];
  });
  if (reason !== undefined) await failed(pod, reason);
  return (
    openNetwork(statusOf(pod, proof)?.state?.terminated?.message?.trim()) ??
    (await openedByOthers(cluster, made.metadata.labels ?? {}))
  );
}

class LateTrial extends Error {
  readonly pod: Pod;

  constructor(pod: Pod) {
    super("late");
    this.pod = pod;
  }
}

function proofTrouble(pod: Pod): string | undefined {
  const end = statusOf(pod, proof)?.state?.terminated;
  if (end !== undefined && end.exitCode !== 0) {
    return `could not be kept from the network: its image needs \`sh\` (${endText(end)})`;
  }
  return end === undefined ? troubleOf(pod, proof) : undefined;
}

export async function endTrial(
  cluster: Cluster,
  trial: string,
  grace: number,
): Promise<{ seconds: number; killed: boolean }> {
  const name = objectName(trial, 253);
  const path = cluster.in("v1", "pods", name);
  const pod = await unlessGone(cluster.ask<Pod>({ path }));
  if (pod === undefined) return { seconds: 0, killed: false };
  const began = performance.now();
  const end = watchEnd(cluster, pod);
  try {
    const body = { gracePeriodSeconds: gracePeriod(grace) };
    await unlessGone(cluster.ask({ method: "DELETE", path, body }));
    await untilPodGone(cluster, name, grace + 60);
  } finally {
    end.close();
  }
  const took = (performance.now() - began) / 1000;
  const code = stoppedCode(end.exitCode(), took, grace);
  return { seconds: Math.round(took * 10) / 10, killed: code === killedCode };
}

/** Returns once its claims are gone: the next copy has the same names. */
export async function removeTrial(cluster: Cluster, trial: string): Promise<void> {
  await removePod(cluster, objectName(trial, 253), { ended: false });
  const path = cluster.in("v1", "persistentvolumeclaims");
  const query = { labelSelector: `${trialLabel}=${objectName(trial)}` };
  const claims = () => cluster.list<Claim>(path, query);
  for (const { metadata } of await claims()) {
    await unlessGone(cluster.ask({ method: "DELETE", path: `${path}/${metadata.name}` }));
  }
  await until(
    async () => {
      const [left] = await claims();
      return left === undefined ? { found: undefined } : { waitsFor: left.metadata.name };
    },
    {
      deadline: claimPatience,
      interval: 0.25,
      late: (claim) =>
        new OperationFailure(
          `the claim ${claim} is still there ${claimPatience} s after it was removed. ` +
            `See what has it: \`${cluster.kubectl(`describe pvc ${claim}`)}\`.`,
        ),
    },
  );
}

/** Runs a program to its end, or to its deadline: then its pod is ended, with all that it has started. */
export async function runProgram(cluster: Cluster, program: ProgramRun): Promise<ProgramResult> {
  const name = objectName(program.name, 253);
  const { settings } = cluster;
  await removePod(cluster, name, { ended: false });
  await keepFromNetwork(cluster);
  const claims = program.places.map(({ from }) => placeOfJob(settings, from).claim);
  await untilLeft(cluster, claims);
  const start = startBy(program.start, settings, name);
  const pod = programPod(
    { ...program, name },
    {
      ...{ settings, start },
      call: randomBytes(4).toString("hex"),
      placement: onNode(await nodeUsing(cluster, claims)),
    },
  );
  let failure: unknown;
  let exitCode: number | undefined;
  try {
    await createPod(cluster, pod, start.secrets);
    exitCode = await followPod<number | "late">(cluster, name, {
      deadline: program.deadline,
      look: (seen) => endOf(program, seen),
      late: (seen) => new LateTrial(seen),
    }).then(
      (code) => (code === "late" ? undefined : code),
      (error) => {
        if (error instanceof LateTrial && statusOf(error.pod, tried)?.state?.running) return undefined;
        throw error instanceof LateTrial
          ? new OperationFailure(
              `the ${program.purpose} of ${program.workload} did not begin: ${waitsFor(error.pod, tried)}.`,
            )
          : error;
      },
    );
    const lines = await lastLines(cluster, name, tried, keptLines);
    return { exitCode, output: lines.join("\n").trim().slice(-longestOutput) };
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    await removeAfter(cluster, name, failure, { ended: exitCode !== undefined });
  }
}

function endOf({ purpose, workload }: ProgramRun, pod: Pod): number | undefined {
  const end = removedBy(pod) === undefined ? statusOf(pod, tried)?.state?.terminated : undefined;
  if (end !== undefined && neverBegan(end)) {
    throw new OperationFailure(
      `the ${purpose} of ${workload} can't be started: ${end.message ?? end.reason}`,
    );
  }
  if (end !== undefined) return end.exitCode;
  const trouble = removedBy(pod) ?? troubleOf(pod, tried);
  if (trouble !== undefined)
    throw new OperationFailure(`the ${purpose} of ${workload} could not run: its pod ${trouble}.`);
  return undefined;
}
