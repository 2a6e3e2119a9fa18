import type { Unit } from "../../platforms/platform.ts";
import { describeLocks, dropGatewayLocks } from "../snapshot/gateway-locks.ts";
import type { WorkloadContext } from "../workload.ts";
import { refuseOtherWriters } from "./other-writers.ts";

type StartContext = Pick<WorkloadContext, "platform" | "workload" | "progress">;

/** Starts the container of a workload that is there, or lets a paused one go on, once nothing else has its state open. */
export async function startOnState(context: StartContext): Promise<void> {
  const { platform, workload } = context;
  const unit = await platform.unit(workload.container);
  // One that runs is only waited for: it would not be helped by being stopped or refused.
  if (unit?.running !== true || unit.paused) {
    await refuseOtherWriters(context);
    await dropLocksOfKilled(context, unit);
  }
  await platform.start(workload.container, workload.healthWait);
}

/** Only of one that did not end by itself. What keeps the locks from being removed must not keep it from being started. */
async function dropLocksOfKilled(
  { platform, workload, progress }: StartContext,
  unit: Unit | undefined,
): Promise<void> {
  const wasKilled = unit?.running === false && unit.exitCode !== 0;
  if (!wasKilled || workload.track === "control-plane") {
    return;
  }
  try {
    await platform.fetch(workload.snapshots.image);
    const locks = await dropGatewayLocks({ platform, workload });
    if (locks.length > 0) {
      progress(describeLocks(locks));
    }
  } catch (error) {
    progress(`it could not be seen whether it has left locks in its state: ${platform.describe(error)}`);
  }
}
