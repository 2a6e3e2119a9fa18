import { messageOf } from "../../platforms/failure.ts";
import { oneLine } from "../checks/cli-output.ts";
import { resultLine } from "../checks/judge.ts";
import type { CheckResult } from "../evidence/records.ts";
import { secondsSince } from "../update/step.ts";
import type { WorkloadContext } from "../workload.ts";
import { targetOf } from "./hold.ts";

/** What a workload answers at its health path, by status: to a request as it is, and to one that says it was forwarded. */
export interface Answers {
  plain: number;
  forwarded: number;
  /** The second one, in one line. */
  said: string;
}

export async function answersTo(
  ask: (forwarded: boolean) => Promise<{ status: number; body: string }>,
): Promise<Answers> {
  const plain = await ask(false);
  const forwarded = await ask(true);
  return { plain: plain.status, forwarded: forwarded.status, said: oneLine(forwarded.body) };
}

/** Whether it turns away what a proxy brings, and only that: versions of OpenClaw from 2026.9 on do, unless they know the proxy. */
export function refusesForwarded({ plain, forwarded }: Pick<Answers, "plain" | "forwarded">): boolean {
  return plain < 400 && forwarded >= 400;
}

/**
 * Asked from the ingress itself: a check from inside the workload's own network does not see what people get, and neither
 * does the proxy's own health check. Undefined: there is no ingress, or it can't ask.
 */
export async function answersToIngress({
  workload,
  proxy,
  progress,
}: Pick<WorkloadContext, "workload" | "proxy" | "progress">): Promise<Answers | undefined> {
  const { ingress } = workload;
  const [host] = ingress?.hosts ?? [];
  if (ingress === undefined || host === undefined || proxy === undefined) return undefined;
  const { address, healthPath: path } = targetOf({ workload }, ingress);
  const asked = { address, path, host };
  try {
    return await answersTo((forwarded) => proxy.ask({ ...asked, forwarded }));
  } catch (error) {
    progress(`what it answers through the ingress could not be looked at: ${messageOf(error)}`);
    return undefined;
  }
}

/** What a proxy adds, as for somebody who is not there: an address for documentation. */
export function forwardedHeaders(host: string): Record<string, string> {
  return { "x-forwarded-for": "192.0.2.1", "x-forwarded-host": host, "x-forwarded-proto": "http" };
}

/** For people: "HTTP 200 as it is, and 403 to what the ingress forwards: …". */
export function describeAnswers({ plain, forwarded, said }: Answers): string {
  return `HTTP ${plain} as it is, and ${forwarded} to what the ingress forwards: ${said}`;
}

/**
 * A part of the gate: what comes through the ingress is answered as well. Where the version before turned it away already, or
 * nobody knows, it is no reason against this one.
 *
 * @param before - what the version before answered.
 */
export async function judgeForwarded(
  context: Pick<WorkloadContext, "workload" | "proxy" | "progress">,
  before: Pick<Answers, "plain" | "forwarded"> | undefined,
): Promise<CheckResult[]> {
  const began = performance.now();
  const found = await answersToIngress(context);
  if (found === undefined) return [];
  const refuses = refusesForwarded(found);
  const isNew = before !== undefined && !refusesForwarded(before);
  const result: CheckResult = {
    ...{ name: "through the ingress", severity: isNew ? "critical" : "warning", attempts: 1 },
    outcome: refuses ? "failed" : "passed",
    detail: refuses ? describeAnswers(found) : `HTTP ${found.forwarded}`,
    seconds: secondsSince(began),
  };
  context.progress(resultLine(result));
  return [result];
}
