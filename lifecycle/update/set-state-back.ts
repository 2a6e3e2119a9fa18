import type { RestorePlan } from "../evidence/move.ts";
import { withRepository } from "../snapshot/repository.ts";
import { restoreState } from "../snapshot/restore.ts";
import type { WorkloadContext } from "../workload.ts";
import { runStep } from "./step.ts";

/**
 * Restores a snapshot over a state that nothing has open, and puts that on record.
 *
 * @param image - the version that the state is for.
 */
export function setStateBack(context: WorkloadContext, plan: RestorePlan, image: string): Promise<void> {
  return withRepository(context, "restore", async () => {
    const restored = await runStep(
      context,
      "restore",
      () => restoreState(context, plan, image),
      () => `the state is that of snapshot ${plan.snapshot.slice(0, 8)} of ${plan.takenAt}`,
    );
    await context.log.append(restored);
  });
}
