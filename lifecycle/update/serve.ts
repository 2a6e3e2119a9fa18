import { inspectContainer } from "../../platforms/docker/client.ts";
import { waitHealthy } from "../../platforms/docker/lifecycle.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import { Journal } from "../workdir/journal.ts";
import { recordFound } from "./made.ts";
import { startOnState } from "./start.ts";
import type { WorkloadContext, WorkloadTask } from "../workload.ts";

interface ServingTask extends WorkloadTask {
  /** What it is brought back for: changes whenever it was found not serving. */
  serving?: string;
}

/** Brings back a container that is there and does not serve: started, let go on, or started anew when it stays unhealthy. */
export async function serve(
  context: WorkloadContext,
  task: WorkloadTask,
): Promise<{ workload: string; did: string }> {
  const { workload, docker, log } = context;
  const { serving: trigger = "" } = task as ServingTask;
  const found = await inspectContainer(docker, workload.container);
  if (found === undefined) {
    throw new OperationFailure(
      `${workload.name}: its container is gone. Run \`pulumi up --refresh\` (or \`fleet recover\`): it is created again on its state.`,
    );
  }
  const did = await bringBack(context, found.State);
  await new Journal(log.folder).clear();
  await log.append({ kind: "serving", trigger, did });
  // Where the records began anew, nothing says it any more.
  await recordFound(context);
  context.progress(did);
  return { workload: workload.name, did };
}

async function bringBack(
  context: WorkloadContext,
  state: { Running: boolean; Paused: boolean },
): Promise<string> {
  const { workload, docker } = context;
  if (!state.Running || state.Paused) {
    await startOnState(context);
    return state.Paused ? "was paused, goes on" : "was stopped, is started";
  }
  await waitHealthy(docker, workload.container, workload.healthWait);
  return "serves";
}
