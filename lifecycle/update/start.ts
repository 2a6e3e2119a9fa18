import type { ContainerInspectInfo } from "dockerode";
import { describeDockerError, inspectContainer } from "../../platforms/docker/client.ts";
import { ensureImage } from "../../platforms/docker/image.ts";
import { startContainer } from "../../platforms/docker/lifecycle.ts";
import { refuseOtherWriters } from "../../platforms/docker/writers.ts";
import { describeLocks, dropGatewayLocks } from "../snapshot/gateway-locks.ts";
import type { WorkloadContext } from "../workload.ts";

type StartContext = Pick<WorkloadContext, "docker" | "workload" | "progress">;

/** Starts the container of a workload that is there, or lets a paused one go on, once nothing else has its state open. */
export async function startOnState(context: StartContext): Promise<void> {
  const { docker, workload } = context;
  const state = (await inspectContainer(docker, workload.container))?.State;
  // One that runs is only waited for: it would not be helped by being stopped or refused.
  if (state?.Running !== true || state.Paused) {
    await refuseOtherWriters(context);
    await dropLocksOfKilled(context, state);
  }
  await startContainer(docker, workload.container, workload.healthWait);
}

/** Only of one that did not end by itself. What keeps the locks from being removed must not keep it from being started. */
async function dropLocksOfKilled(
  { docker, workload, progress }: StartContext,
  state: ContainerInspectInfo["State"] | undefined,
): Promise<void> {
  const wasKilled = state?.Status === "exited" && state.ExitCode !== 0;
  if (!wasKilled || workload.track === "control-plane") {
    return;
  }
  try {
    await ensureImage(docker, workload.snapshots.image);
    const locks = await dropGatewayLocks({ docker, workload });
    if (locks.length > 0) {
      progress(describeLocks(locks));
    }
  } catch (error) {
    progress(`whether it has left locks in its state could not be seen: ${describeDockerError(error)}`);
  }
}
