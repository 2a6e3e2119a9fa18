import { messageOf } from "../../platforms/failure.ts";
import type { IngressProxy, Target } from "../../platforms/proxy.ts";
import { runStep } from "../update/step.ts";
import { type Hold, HoldJournal } from "../workdir/hold-journal.ts";
import type { WorkloadContext, WorkloadIngress } from "../workload.ts";
import { clock } from "./hold-messages.ts";

/** What an operation on the ingress needs of a workload's context. */
export type IngressContext = Pick<WorkloadContext, "workload" | "proxy" | "log" | "progress">;

/** Seconds that a single request may wait beyond the hold, so that the hold's own end is what answers it. */
const margin = 5;

/**
 * The step `hold`: from now on requests wait. Without an ingress there is nothing to hold. With `must: false` an
 * ingress that does not obey is said and passed over: it must not block the way back of a sick workload.
 */
export async function holdRequests(
  context: WorkloadContext,
  why: string,
  { must }: { must: boolean },
): Promise<void> {
  const { ingress } = context.workload;
  if (ingress === undefined) {
    return;
  }
  try {
    await runStep(context, "hold", () => hold(context, ingress, why), describeHold);
  } catch (error) {
    if (must) {
      throw error;
    }
    context.progress(`its requests are not held, and its cut-over goes on without that: ${messageOf(error)}`);
  }
}

/** Holds, or holds anew: the deadline counts from now. */
export async function hold(context: IngressContext, ingress: WorkloadIngress, why: string): Promise<Hold> {
  const { workload, log } = context;
  const journal = new HoldJournal(log.folder);
  const proxy = proxyInFrontOf(context);
  const now = Date.now();
  const held: Hold = {
    since: (await journal.read())?.since ?? new Date(now).toISOString(),
    until: new Date(now + ingress.hold * 1000).toISOString(),
    why,
  };
  await journal.write(held);
  const [services] = await Promise.all([proxy.services(), proxy.setDeadline(workload.name, ingress.hold)]);
  if (!services.has(workload.name)) {
    // It is new behind the ingress, or the ingress has lost it: it can only hold what it knows.
    await proxy.deploy(workload.name, targetOf(context, ingress), { wait: false });
  }
  await proxy.pause(workload.name, ingress.drain, ingress.hold + margin);
  await log.append({ kind: "ingress", did: "held", why, until: held.until });
  return held;
}

/** For a workload with an ingress. */
export function proxyInFrontOf({
  proxy,
  workload,
}: Pick<IngressContext, "proxy" | "workload">): IngressProxy {
  if (proxy === undefined) {
    throw new Error(`${workload.name} has no ingress`);
  }
  return proxy;
}

export function targetOf({ workload }: Pick<IngressContext, "workload">, ingress: WorkloadIngress): Target {
  const { hosts, healthPath, drain } = ingress;
  return { address: `${workload.container}:${workload.port}`, hosts, healthPath, drain };
}

function describeHold({ until }: Hold): string {
  return `its requests wait, until ${clock(until)} at most`;
}

/** What an operator has to know of a workload that stays held, or nothing. */
export async function stillHeld({ log }: Pick<IngressContext, "log">): Promise<string> {
  const held = await new HoldJournal(log.folder).read();
  return held === undefined
    ? ""
    : `Its requests are held until ${clock(held.until)}. From then on the ingress answers them with 503, until a version has passed its gate. `;
}
