import { OperationFailure } from "../../platforms/failure.ts";
import type { Unit } from "../../platforms/platform.ts";
import { Journal } from "../workdir/journal.ts";
import type { WorkloadContext, WorkloadTask } from "../workload.ts";
import { recordFound } from "./made.ts";
import { startOnState } from "./start.ts";
import { undoMigration } from "./undo-migration.ts";

interface ServingTask extends WorkloadTask {
  /** What it is brought back for: changes whenever it was found not serving. */
  serving?: string;
}

/** Brings back a container that is there and does not serve: started, let go on, or started anew when it stays unhealthy. */
export async function serve(
  context: WorkloadContext,
  task: WorkloadTask,
): Promise<{ workload: string; did: string }> {
  const { workload, platform, log } = context;
  const { serving: trigger = "" } = task as ServingTask;
  const found = await platform.unit(workload.container);
  if (found === undefined) {
    throw new OperationFailure(
      `${workload.name}: its container is gone. Run \`pulumi up --refresh\` (or \`fleet recover\`): it is created again on its state.`,
    );
  }
  const did = await bringBack(context, found);
  await new Journal(log.folder).clear();
  await log.append({ kind: "serving", trigger, did });
  // Where the records began anew, nothing says it any more.
  await recordFound(context);
  context.progress(did);
  return { workload: workload.name, did };
}

async function bringBack(context: WorkloadContext, unit: Pick<Unit, "running" | "paused">): Promise<string> {
  const { workload, platform } = context;
  if (!unit.running || unit.paused) {
    if (!unit.running) await undoMigration(context);
    await startOnState(context);
    return unit.paused ? "was paused, goes on" : "was stopped, is started";
  }
  await platform.waitHealthy(workload.container, workload.healthWait);
  return "serves";
}
