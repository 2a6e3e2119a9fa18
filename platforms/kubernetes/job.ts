import { randomBytes } from "node:crypto";
import { OperationFailure } from "../failure.ts";
import { type Job, type JobResult, PlaceMissing } from "../platform.ts";
import type { Cluster } from "./cluster.ts";
import { execInPod } from "./exec.ts";
import { jobPod, keeper, missingCode, stdinSecret, worker } from "./job-pod.ts";
import { objectName } from "./labels.ts";
import { keepFromNetwork } from "./network.ts";
import { nodeOf, refuseForOnePod } from "./node-of.ts";
import type { Pod, Terminated } from "./objects.ts";
import { claimsOf } from "./places.ts";
import { endText, neverBegan, removedBy, statusOf, troubleOf, waitsFor } from "./pod-health.ts";
import { createOnce, followPod, removeAfter } from "./pods.ts";

/** Seconds to read what a job has printed. */
const readDeadline = 300;
/** Bytes that a Secret can hold. */
const longestInput = 1_000_000;

/**
 * A short program of ours beside a state: a pod of its own, which is removed whatever happens. What it prints is kept in the
 * pod until it has been read, so that a server which is gone for a while costs nothing but that time.
 */
export async function runJob(cluster: Cluster, job: Job): Promise<JobResult> {
  const { workload, purpose, deadline, stdin } = job;
  if (stdin !== undefined && Buffer.byteLength(stdin) > longestInput) {
    throw new OperationFailure(
      `the ${purpose} of ${workload} has an input of more than ${longestInput} bytes.`,
    );
  }
  const began = performance.now();
  const left = () => deadline - (performance.now() - began) / 1000;
  const { name, call, node, own } = await placed(cluster, job);
  const pods = cluster.in("v1", "pods");
  let failure: unknown;
  let ended = false;
  try {
    const pod = await createOnce<Pod>(
      cluster,
      pods,
      jobPod(job, { name, call, node, settings: cluster.settings }),
    );
    if (stdin !== undefined) {
      await createOnce(cluster, cluster.in("v1", "secrets"), stdinSecret(pod, stdin));
    }
    const end = await followPod(cluster, name, {
      deadline: left(),
      late: (seen) => lateFailure(job, seen),
      look: (seen) => endOf(job, seen),
    });
    // Whoever mounts a state next must not meet this pod on it: what a volume belongs to is set for its first pod alone.
    ended = own.length === 0;
    return { exitCode: end.exitCode, ...(await printed(cluster, name)) };
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    await removeAfter(cluster, name, failure, { ended });
  }
}

/** Where the pod of a job goes, and what it is called. `own`: claims that are its workload's alone. */
export async function placed(cluster: Cluster, { workload, places }: Pick<Job, "workload" | "places">) {
  const found = await claimsOf(
    cluster,
    places.map(({ from }) => from),
  );
  const present = await cluster.list<Pod>(cluster.in("v1", "pods"));
  for (const claim of found) refuseForOnePod(claim, present);
  await keepFromNetwork(cluster);
  const claims = found.map(({ metadata }) => metadata.name);
  const own = claims.filter((claim) => claim !== cluster.settings.folders);
  const call = randomBytes(4).toString("hex");
  return {
    name: objectName(`clawforce-${workload.replace("/", "-")}`, 52).concat(`-${call}`),
    node: nodeOf(present, [...own, ...claims]),
    ...{ call, own },
  };
}

function lateFailure({ workload, purpose, deadline }: Job, pod: Pod): OperationFailure {
  const began = statusOf(pod, worker)?.state?.running !== undefined;
  const why = began ? "" : `: ${waitsFor(pod, worker)}`;
  return new OperationFailure(`the ${purpose} of ${workload} did not end within ${deadline} s${why}.`);
}

/** How its program has ended; undefined: not yet. Throws where it never will. */
function endOf({ workload, purpose }: Job, pod: Pod): Terminated | undefined {
  const failed = (why: string) => couldNotRun({ purpose, workload }, why);
  refuseBeginning(pod, failed);
  const terminated = statusOf(pod, worker)?.state?.terminated;
  if (terminated !== undefined && neverBegan(terminated)) {
    throw failed(`can't start it: ${terminated.message ?? terminated.reason}`);
  }
  if (terminated?.reason === "OOMKilled") throw failed("ran out of memory");
  if (terminated !== undefined && statusOf(pod, keeper)?.state?.running !== undefined) return terminated;
  const trouble = troubleOf(pod, keeper) ?? (terminated ? undefined : troubleOf(pod, worker));
  if (trouble !== undefined) throw failed(trouble);
  return undefined;
}

export function couldNotRun(
  { purpose, workload }: Pick<Job, "purpose" | "workload">,
  why: string,
): OperationFailure {
  return new OperationFailure(`the ${purpose} of ${workload} could not run: its pod ${why}.`);
}

/** Throws where somebody removes it, or a folder is not there that it must not make. */
export function refuseBeginning(pod: Pod, failed: (why: string) => Error): void {
  const removed = removedBy(pod);
  if (removed !== undefined) throw failed(removed);
  const look = pod.status?.initContainerStatuses?.[0]?.state?.terminated;
  if (look?.exitCode === missingCode) {
    throw new PlaceMissing(`the folder ${look.message?.trim() ?? "that it works on"} is not there`);
  }
  if (look !== undefined && look.exitCode !== 0) throw failed(`ended with ${endText(look)}`);
}

/** Read from the container that waits for it: as often as the way to it breaks. */
async function printed(cluster: Cluster, pod: string): Promise<Pick<JobResult, "stdout" | "stderr">> {
  const read = async (file: string) => {
    const { exitCode, stdout, stderr } = await cluster.enduring(() =>
      execInPod(cluster, { pod, container: keeper }, ["cat", `/clawforce/out/${file}`], {
        deadline: readDeadline,
        name: `what ${pod} has printed`,
      }),
    );
    if (exitCode !== 0)
      throw new OperationFailure(`what ${pod} has printed can't be read: ${stderr.trim()}.`);
    return stdout;
  };
  return { stdout: await read("stdout"), stderr: await read("stderr") };
}
