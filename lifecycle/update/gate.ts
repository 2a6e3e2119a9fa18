import type { Check } from "../../config/check-kind.ts";
import { fingerprint } from "../../config/fingerprint.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import type { Unit } from "../../platforms/platform.ts";
import { baselineBefore } from "../checks/before.ts";
import { firstAction } from "../checks/first-action.ts";
import { verdictOf } from "../checks/judge.ts";
import { runChecks } from "../checks/run.ts";
import type { CheckResult, Outcome } from "../evidence/records.ts";
import { judgeForwarded } from "../ingress/forwarded.ts";
import { stillHeld } from "../ingress/hold.ts";
import { openIngress } from "../ingress/open.ts";
import { recordState } from "../snapshot/state-read.ts";
import { Journal } from "../workdir/journal.ts";
import { rememberWorkload } from "../workdir/last-known.ts";
import { PreparationMark } from "../workdir/preparation-mark.ts";
import type { WorkloadContext } from "../workload.ts";
import { afterFailure } from "./after-failure.ts";
import { giveUpAdoption } from "./bring-back-stranger.ts";
import { runStep, secondsSince } from "./step.ts";
import { unitOf } from "./unit-of.ts";

export interface Judgement {
  workload: string;
  outcome: Outcome;
  seconds: number;
  checks: Pick<CheckResult, "name" | "outcome" | "seconds">[];
}

/** The short checks before the workload counts as serving; only when they have passed, its requests come in. */
export async function gate(context: WorkloadContext): Promise<Judgement> {
  const { workload, log } = context;
  const began = performance.now();
  const { checks, served, outcome } = await judge(context, "gate", workload.gate);
  await log.append({
    kind: "gate",
    image: served.image,
    container: served.id,
    outcome,
    checks,
    checksHash: fingerprint(workload.gate),
  });
  await new Journal(log.folder).clear();
  await rememberWorkload(log.folder, workload);
  await new PreparationMark(log.folder).used();
  if (outcome === "passed") {
    await openIngress(context);
  }
  await recordState(context, { image: served.image, container: served.id });
  await refuseUnlessPassed(context, "gate", outcome, checks, await stillHeld(context));
  return judgement(workload.name, outcome, began, checks);
}

/** Runs the checks of a step that ends with their verdict. */
export function judge(
  context: WorkloadContext,
  step: "gate" | "verification",
  wanted: readonly Check[],
): Promise<{ checks: CheckResult[]; served: Unit; outcome: Outcome }> {
  return runStep(
    context,
    step,
    async () => {
      const results = await runChecks(context, wanted);
      const checks = step === "gate" ? [...results, ...(await throughIngress(context, results))] : results;
      // After the checks: an engine that hangs is told here, and is no verdict on the gateway.
      return { checks, served: await unitOf(context), outcome: verdictOf(checks) };
    },
    ({ outcome }) => outcome,
    ({ outcome }) => outcome === "passed",
  );
}

/** Only of one that has passed so far: its requests are about to come in. */
async function throughIngress(
  context: WorkloadContext,
  results: readonly CheckResult[],
): Promise<CheckResult[]> {
  if (context.workload.ingress === undefined || verdictOf(results) !== "passed") return [];
  return judgeForwarded(context, baselineBefore(await context.log.read())?.ingress);
}

export function judgement(
  workload: string,
  outcome: Outcome,
  began: number,
  checks: CheckResult[],
): Judgement {
  return {
    workload,
    outcome,
    seconds: secondsSince(began),
    checks: checks.map(({ name, outcome: each, seconds }) => ({ name, outcome: each, seconds })),
  };
}

export async function refuseUnlessPassed(
  context: WorkloadContext,
  what: "gate" | "verification",
  outcome: Outcome,
  checks: CheckResult[],
  /** What else there is to know, a sentence with a space after it. */
  also = "",
): Promise<void> {
  if (outcome === "passed") {
    return;
  }
  const { workload, log } = context;
  const reasons = checks
    .filter((check) => check.outcome !== "passed" && check.severity === "critical")
    .map((check) => `  ${check.name}: ${check.detail}${firstActionLine(check.detail)}`);
  const givenUp = await giveUpAdoption(context);
  const next = givenUp ?? `${also}${afterFailure(workload, await log.read())}`;
  throw new OperationFailure(
    `${workload.name}: ${what} ${outcome} on ${workload.image}:\n${reasons.join("\n")}\n` +
      `All workloads after it are untouched. ${next}`,
  );
}

function firstActionLine(detail: string): string {
  const action = firstAction(detail);
  return action === undefined ? "" : `\n    First: ${action}`;
}
