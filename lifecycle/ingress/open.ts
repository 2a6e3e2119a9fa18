import { messageOf } from "../../platforms/failure.ts";
import type { IngressService, Target } from "../../platforms/proxy.ts";
import { runStep } from "../update/step.ts";
import { HoldJournal } from "../workdir/hold-journal.ts";
import type { WorkloadContext, WorkloadIngress } from "../workload.ts";
import { type IngressContext, proxyInFrontOf, targetOf } from "./hold.ts";

export interface Opened {
  /** False when requests came in all the time. */
  changed: boolean;
  /** Seconds that they were held; undefined when they were not. */
  seconds?: number;
  /** Requests that waited; undefined when unknown. */
  waiting?: number;
}

/** The step `open`: requests come in again. Only for a workload that serves and has passed its gate. */
export async function openIngress(context: WorkloadContext): Promise<void> {
  const { ingress } = context.workload;
  if (ingress !== undefined) {
    await runStep(context, "open", () => open(context, ingress), describeOpened);
  }
}

/** Lets the requests in again, or for the first time. Whatever the ingress has lost is set up anew; twice does no more. */
export async function open(context: IngressContext, ingress: WorkloadIngress): Promise<Opened> {
  const { workload, log } = context;
  const journal = new HoldJournal(log.folder);
  const proxy = proxyInFrontOf(context);
  const held = await journal.read();
  await proxy.clearDeadline(workload.name);
  const service = (await proxy.services()).get(workload.name);
  const target = targetOf(context, ingress);
  if (service?.state === "serving" && leadsTo(service, target)) {
    await journal.clear();
    return { changed: false };
  }
  const [waiting] = await Promise.all([
    proxy.inFlight(workload.name),
    proxy.deploy(workload.name, target, { wait: true }),
  ]);
  await proxy.resume(workload.name);
  const opened = new Date();
  const seconds =
    held === undefined
      ? undefined
      : Math.round((opened.getTime() - new Date(held.since).getTime()) / 100) / 10;
  const cut = held === undefined ? undefined : await cutWhileHeld(context, ingress, held.since, opened);
  await log.append({
    kind: "ingress",
    did: "opened",
    ...(seconds !== undefined && { seconds }),
    ...(waiting !== undefined && { waiting }),
    ...(cut !== undefined && { cut }),
    ...(service?.state === "refusing" && { overdue: true }),
  });
  await journal.clear();
  return {
    changed: true,
    ...(seconds !== undefined && { seconds }),
    ...(waiting !== undefined && { waiting }),
  };
}

/** The ingress forgets a workload that is going away: from then on it answers 404. */
export async function removeFromIngress(context: IngressContext): Promise<void> {
  const { workload, proxy, log, progress } = context;
  if (proxy === undefined) {
    return;
  }
  try {
    await proxy.clearDeadline(workload.name);
    if ((await proxy.services()).has(workload.name)) {
      await proxy.remove(workload.name);
      await log.append({ kind: "ingress", did: "removed" });
    }
    await new HoldJournal(log.folder).clear();
  } catch (error) {
    // The ingress itself may be gone already: then it knows the workload no more.
    progress(`it could not be taken out of the ingress: ${messageOf(error)}`);
  }
}

function leadsTo(service: IngressService, target: Target): boolean {
  return (
    service.target === target.address && service.hosts.toSorted().join() === target.hosts.toSorted().join()
  );
}

/** Seconds for the look into the ingress's log. */
const cutDeadline = 30;

/** For the record only, so a log that can't be read is no failure. */
async function cutWhileHeld(context: IngressContext, ingress: WorkloadIngress, since: string, until: Date) {
  try {
    const { address } = targetOf(context, ingress);
    const period = { since: new Date(since), until, deadline: cutDeadline };
    return await proxyInFrontOf(context).cut(context.workload.name, address, period);
  } catch {
    return undefined;
  }
}

function describeOpened({ changed, seconds, waiting }: Opened): string {
  if (!changed) {
    return "its requests came in all the time";
  }
  const held = seconds === undefined ? "its requests come in" : `its requests were held for ${seconds} s`;
  return waiting === undefined || waiting === 0 ? held : `${held}, ${waiting} were waiting`;
}
