import type { RestorePlan } from "../evidence/move.ts";
import type { RestoreEntry } from "../evidence/records.ts";
import { secondsSince } from "../update/step.ts";
import type { WorkloadContext } from "../workload.ts";
import { describeLeft } from "./left-places.ts";
import { parseScriptReport } from "./markers.ts";
import { runScript } from "./repository.ts";
import { namesText, parseNames } from "./survey.ts";

/** Replaces the state of a stopped workload by a snapshot. Safe to run again after a kill. */
export async function restoreState(
  context: WorkloadContext,
  plan: RestorePlan,
  image: string,
): Promise<RestoreEntry> {
  const began = performance.now();
  const { stdout } = await runScript(context, {
    script: "restore",
    purpose: "restore",
    state: "read-write",
    arguments: [plan.snapshot],
  });
  const report = parseScriptReport(stdout);
  const { left, unnamed } = report;
  const lines = describeLeft(report, plan.snapshot, "What is there stays as it is");
  for (const line of lines) context.progress(line);
  const stayed = parseNames(stdout, "stayed");
  if (stayed.count > 0) context.progress(stayedText(stayed));
  return {
    kind: "restore",
    snapshot: plan.snapshot,
    image,
    reason: plan.reason,
    ...(plan.order !== undefined && { order: plan.order }),
    ...(plan.because !== undefined && { because: plan.because }),
    ...(left.length > 0 && { left }),
    ...(unnamed.length > 0 && { unnamed }),
    ...(stayed.count > 0 && { stayed }),
    seconds: secondsSince(began),
  };
}

/** For people: what no snapshot has is not taken away by a restore. */
export function stayedText(stayed: NonNullable<RestoreEntry["stayed"]>): string {
  return `left out of snapshots, and as it was: ${namesText(stayed)}`;
}
