import { setTimeout as sleep } from "node:timers/promises";
import { fingerprint } from "../config/fingerprint.ts";
import type { BakeConfig } from "../config/schema.ts";
import { formatDuration } from "../config/units.ts";
import { hasBaked, mustBake } from "../evidence/canary.ts";
import type { BakeEntry, Outcome, ReadRecord } from "../evidence/records.ts";
import { verdictOf } from "./checks/judge.ts";
import { runChecks } from "./checks/run.ts";
import { inspectContainer } from "./docker/client.ts";
import { OperationFailure } from "./failure.ts";
import type { RequestCount } from "./ingress/request-log.ts";
import { countRequests } from "./ingress/requests.ts";
import { contextOf, runProgram, withManagedToken } from "./program.ts";
import { recordState } from "./snapshot/state-read.ts";
import { secondsSince } from "./step.ts";
import type { Workload, WorkloadContext, WorkloadTask } from "./workload.ts";

interface BakeTask extends WorkloadTask {
  /** All workloads of the wave. */
  wave: Workload[];
  bake: BakeConfig;
}

/** JSON list of the gateways' tokens, in the order of the wave. */
export const tokensVariable = "CLAWFORCE_GATEWAY_TOKENS";

/** How often the wait says where it is: seconds. */
const progressEvery = 10;

/**
 * Keeps the verification of a wave up for a time, under its traffic. Bakes only what an update has brought forward and
 * what has not been baked yet: going back never waits.
 */
export async function bake(
  context: WorkloadContext,
  task: WorkloadTask,
): Promise<{ baked: string[]; seconds: number }> {
  const { wave, bake: wanted } = task as BakeTask;
  const tokens = JSON.parse(process.env[tokensVariable] ?? "[]") as string[];
  const contexts = await Promise.all(
    wave.map((workload, index) =>
      withManagedToken(contextOf({ workload }, { ...context.secrets, gatewayToken: tokens[index] ?? "" })),
    ),
  );
  const began = performance.now();
  const fresh: { context: WorkloadContext; container: string; image: string }[] = [];
  for (const each of contexts) {
    const found = await inspectContainer(each.docker, each.workload.container);
    if (
      found !== undefined &&
      needsBake(await each.log.read(), { id: found.Id, image: found.Config.Image }, each.workload, wanted)
    ) {
      fresh.push({ context: each, container: found.Id, image: found.Config.Image });
    }
  }
  if (fresh.length === 0) {
    context.progress("bake: nothing new to bake (0.0 s)");
    return { baked: [], seconds: 0 };
  }
  const since = new Date();
  const { outcome, detail, rounds } = await repeatChecks(fresh, wanted, since);
  let failure: OperationFailure | undefined;
  for (const { context: each, container, image } of fresh) {
    const requests = await countRequests(each, since);
    const judged = judgeTraffic(outcome, detail, requests, wanted);
    await each.log.append({
      kind: "bake",
      image,
      container,
      ...judged,
      checksHash: fingerprint(each.workload.verification),
      seconds: secondsSince(began),
      rounds,
      ...(requests !== undefined && { requests }),
    });
    if (each.workload.managed !== true) {
      await recordState(each, { image, container });
    }
    each.progress(`bake: ${judged.outcome} (${secondsSince(began).toFixed(1)} s)`);
    if (judged.outcome !== "passed") {
      failure ??= new OperationFailure(
        `${each.workload.name}: bake ${judged.outcome} on ${image}: ${judged.detail}. All waves after it are untouched. ` +
          `The way back: ${each.workload.wayBack}`,
      );
    }
  }
  // Only once each of them has its record: the wave has failed as a whole.
  if (failure !== undefined) {
    throw failure;
  }
  return { baked: fresh.map(({ context: each }) => each.workload.name), seconds: secondsSince(began) };
}

/** Brought forward by an update, and not baked in this container as long as it must, or not since something failed. */
export function needsBake(
  records: readonly ReadRecord[],
  observed: { id: string; image: string },
  { name, verification }: Pick<Workload, "name" | "verification">,
  bake: BakeConfig,
): boolean {
  const witness = { name, records, observed, checks: fingerprint(verification) };
  const demand = { image: observed.image, bake };
  return mustBake(witness, demand) && !hasBaked(witness, demand);
}

/** Silence proves nothing, and one failed request is one too many. */
export function judgeTraffic(
  outcome: Outcome,
  detail: string,
  requests: RequestCount | undefined,
  wanted: Pick<BakeConfig, "requests">,
): Pick<BakeEntry, "outcome" | "detail"> {
  if (outcome !== "passed") {
    return { outcome, detail };
  }
  if (requests !== undefined && requests.failed > 0) {
    return {
      outcome: "failed",
      detail: `${requests.failed} of ${requests.served + requests.failed} requests failed`,
    };
  }
  if (wanted.requests > 0 && (requests?.served ?? 0) < wanted.requests) {
    const came =
      requests === undefined ? "it has no ingress that counts requests" : `${requests.served} requests came`;
    return { outcome: "inconclusive", detail: `${came}, ${wanted.requests} are needed to judge it` };
  }
  return { outcome, detail };
}

async function repeatChecks(
  wave: readonly { context: WorkloadContext }[],
  { length, interval }: BakeConfig,
  since: Date,
): Promise<{ outcome: Outcome; detail: string; rounds: number }> {
  const end = since.getTime() + length * 1000;
  let rounds = 0;
  for (;;) {
    rounds += 1;
    for (const { context } of wave) {
      const results = await runChecks({ ...context, progress: () => {} }, context.workload.verification);
      const outcome = verdictOf(results);
      if (outcome !== "passed") {
        const reasons = results.filter((each) => each.outcome !== "passed" && each.severity === "critical");
        const detail = reasons.map((each) => `${each.name}: ${each.detail}`).join("; ");
        return { outcome, detail: `${context.workload.name} in round ${rounds}: ${detail}`, rounds };
      }
    }
    const left = end - Date.now();
    if (left <= 0) {
      return { outcome: "passed", detail: `${formatDuration(length)}, ${rounds} rounds`, rounds };
    }
    await waitSaying(wave[0]?.context, Math.min(left, interval * 1000), end);
  }
}

async function waitSaying(
  context: WorkloadContext | undefined,
  milliseconds: number,
  end: number,
): Promise<void> {
  const until = Date.now() + milliseconds;
  while (Date.now() < until) {
    await sleep(Math.min(progressEvery * 1000, until - Date.now()));
    context?.progress(`baking, ${formatDuration(Math.max(1, Math.round((end - Date.now()) / 1000)))} left`);
  }
}

if (import.meta.main) {
  await runProgram(bake);
}
