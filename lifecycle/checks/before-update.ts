import { OperationFailure } from "../../platforms/failure.ts";
import type { BaselineEntry } from "../evidence/records.ts";
import type { WorkloadContext } from "../workload.ts";
import { describeBaseline, readBaseline } from "./baseline.ts";
import { verdictOf } from "./judge.ts";
import { kindOf } from "./kinds.ts";
import { runChecks } from "./run.ts";

/** Runs what will judge the new version on the old one first, while nothing is stopped. */
async function rehearse(context: WorkloadContext, baseline: BaselineEntry): Promise<void> {
  if (baseline.controlPlane === undefined) return;
  const checks = context.workload.verification.flatMap((check) => kindOf(check).rehearsed?.(check) ?? []);
  const results = await runChecks(context, checks, baseline);
  const reasons = results
    .filter(({ outcome, severity }) => outcome !== "passed" && severity === "critical")
    .map(({ name, detail }) => `${name}: ${detail}`);
  if (reasons.length > 0) {
    throw new OperationFailure(
      `the running version does not pass what the new one will be judged by (${reasons.join("; ")}). ` +
        "Correct what it says, or take the check out of `controlPlane.verification`.",
    );
  }
}

/** What an update is judged against: the running version passes its own gate, and what it has now goes on record. */
export async function proveRunningVersion(context: WorkloadContext): Promise<string> {
  const results = await runChecks(context, context.workload.gate);
  if (verdictOf(results) !== "passed") {
    const bad = results.filter(({ outcome }) => outcome !== "passed");
    const reasons = bad.map(({ name, detail }) => `${name}: ${detail}`);
    if (bad.every(({ severity, slow }) => slow === true || severity === "warning")) {
      throw new OperationFailure(
        `the running version answers its own gate too slowly to judge an update by it (${reasons.join("; ")}). Nothing was stopped.`,
      );
    }
    throw new OperationFailure(
      `the running version does not pass its own gate (${reasons.join("; ")}): an update of a sick workload can't be judged. ` +
        "Make it healthy or go back first.",
    );
  }
  const baseline = await readBaseline(context);
  await rehearse(context, baseline);
  await context.log.append(baseline);
  return `${results.length} checks passed; before the update: ${describeBaseline(baseline)}`;
}
