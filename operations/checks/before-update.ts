import { OperationFailure } from "../failure.ts";
import type { WorkloadContext } from "../workload.ts";
import { describeBaseline, readBaseline } from "./baseline.ts";
import { verdictOf } from "./judge.ts";
import { runChecks } from "./run.ts";

/** What an update is judged against: the running version passes its own gate, and what it has now goes on record. */
export async function proveRunningVersion(context: WorkloadContext): Promise<string> {
  const results = await runChecks(context, context.workload.gate);
  if (verdictOf(results) !== "passed") {
    const reasons = results
      .filter(({ outcome }) => outcome !== "passed")
      .map(({ name, detail }) => `${name}: ${detail}`);
    throw new OperationFailure(
      `the running version does not pass its own gate (${reasons.join("; ")}): an update of a sick workload can't be judged. ` +
        "Make it healthy or go back first.",
    );
  }
  const baseline = await readBaseline(context);
  await context.log.append(baseline);
  return `${results.length} checks passed; before the update: ${describeBaseline(baseline)}`;
}
