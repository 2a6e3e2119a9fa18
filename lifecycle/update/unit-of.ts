import { OperationFailure } from "../../platforms/failure.ts";
import type { Unit } from "../../platforms/platform.ts";
import type { WorkloadContext } from "../workload.ts";

/** What runs a workload now, for whoever can't go on without it. */
export async function unitOf({
  platform,
  workload,
}: Pick<WorkloadContext, "platform" | "workload">): Promise<Unit> {
  const found = await platform.unit(workload.container);
  if (found === undefined) {
    throw new OperationFailure(
      `the container ${workload.container} is gone. Run \`fleet recover\`: it is created again on its state.`,
    );
  }
  return found;
}
