import type { WorkloadContext, WorkloadTask } from "../workload.ts";
import { inPlaceOf } from "./replace.ts";
import { lastMissing } from "./serving-trigger.ts";
import { runStep } from "./step.ts";

interface MakingTask extends WorkloadTask {
  /** What it is made for although nothing has changed: it was missing. Empty: it never was. */
  missing?: string;
}

/** Starts a unit that the provider has made or changed: what the creation of a container is elsewhere. */
export async function make(context: WorkloadContext, task: WorkloadTask): Promise<{ container: string }> {
  const { platform, workload, log } = context;
  const { container, healthWait } = workload;
  const { missing = "" } = task as MakingTask;
  await runStep(
    context,
    "create",
    () => inPlaceOf(platform, workload.name).make(container, healthWait),
    () => "healthy",
  );
  if (missing !== lastMissing(await log.read())) {
    await log.append({ kind: "serving", trigger: missing, did: "was missing, is started" });
  }
  return { container };
}
