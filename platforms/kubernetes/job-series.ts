import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { OperationFailure, TooLate } from "../failure.ts";
import type { Job, JobResult, JobSeries, OpenSeries } from "../platform.ts";
import type { Cluster } from "./cluster.ts";
import { CutOff, execInPod } from "./exec.ts";
import { hasEnded } from "./found-unit.ts";
import { couldNotRun, placed, refuseBeginning } from "./job.ts";
import { seriesPod, worker } from "./job-pod.ts";
import type { Pod } from "./objects.ts";
import { removedBy, statusOf, troubleOf, waitsFor } from "./pod-health.ts";
import { createOnce, followPod, removeAfter, tellToEnd } from "./pods.ts";
import { NotRunning, unlessGone } from "./refusal.ts";
import { turnInput, turnScript } from "./turn-script.ts";

/** Seconds for an image and a node. */
const openPatience = 600;
/** Seconds that a node may not let anybody in: its kubelet is started again. */
const nodePatience = 120;
/** Seconds between two attempts to get to a job. */
const pause = 1;

/**
 * A pod that has the places, and waits: a job in it begins within a moment, where a pod of its own takes seconds to come and
 * to go. A job goes on in it while nobody can get there, and is told of afterwards.
 */
export async function openSeries(cluster: Cluster, series: JobSeries): Promise<OpenSeries> {
  let name = await openPod(cluster, series);
  return {
    run: async (job) => {
      // A node may have been drained since.
      if ((await whyClosed(cluster, name)) !== undefined) {
        await tellToEnd(cluster, name);
        name = await openPod(cluster, series);
      }
      return runIn(cluster, { name, workload: series.workload }, job);
    },
    close: async (failure) => {
      const told = tellToEnd(cluster, name);
      await (failure === undefined ? told : told.catch(() => {}));
    },
  };
}

async function openPod(cluster: Cluster, series: JobSeries): Promise<string> {
  const { name, call, node } = await placed(cluster, series);
  const { settings } = cluster;
  try {
    await createOnce(cluster, cluster.in("v1", "pods"), seriesPod(series, { name, call, node, settings }));
    await followPod(cluster, name, {
      deadline: openPatience,
      late: (seen) => couldNotRun(series, `was not up within ${openPatience} s: ${waitsFor(seen, worker)}`),
      look: (seen) => {
        refuseBeginning(seen, (why) => couldNotRun(series, why));
        const trouble = troubleOf(seen, worker);
        if (trouble !== undefined) throw couldNotRun(series, trouble);
        return statusOf(seen, worker)?.state?.running;
      },
    });
    return name;
  } catch (error) {
    await removeAfter(cluster, name, error, { ended: false });
    throw error;
  }
}

/** Undefined: there it is, as far as the API server knows. */
async function whyClosed(cluster: Cluster, name: string): Promise<string | undefined> {
  const pod = await unlessGone(cluster.ask<Pod>({ path: cluster.in("v1", "pods", name) }));
  if (pod === undefined) return "is gone: somebody has removed it, or its node is gone";
  return removedBy(pod) ?? troubleOf(pod, worker) ?? (hasEnded(pod) ? "has ended" : undefined);
}

/** Told to it once, however often the way to it breaks. */
async function runIn(
  cluster: Cluster,
  { name, workload }: { name: string; workload: string },
  { purpose, argv, stdin = "", deadline }: Pick<Job, "purpose" | "argv" | "stdin" | "deadline">,
): Promise<JobResult> {
  const { input, sizes } = turnInput(argv, stdin);
  const turn = ["sh", "-c", turnScript(), "sh", randomBytes(4).toString("hex"), ...sizes.map(String)];
  const what = `the ${purpose} of ${workload}`;
  const end = performance.now() + deadline * 1000;
  let heard = performance.now();
  for (;;) {
    const left = Math.max(1, (end - performance.now()) / 1000);
    try {
      return await execInPod(cluster, { pod: name, container: worker }, turn, {
        ...{ deadline: left, stdin: input, name: what },
      });
    } catch (error) {
      if (error instanceof TooLate) throw new TooLate(`${what} did not end within ${deadline} s.`);
      if (error instanceof CutOff) heard = performance.now();
      else if (!(error instanceof NotRunning)) throw error;
      const why = await whyClosed(cluster, name);
      if (why !== undefined) throw couldNotRun({ purpose, workload }, why);
      if (performance.now() > heard + nodePatience * 1000) throw new OperationFailure(error.message);
    }
    await sleep(pause * 1000);
  }
}
