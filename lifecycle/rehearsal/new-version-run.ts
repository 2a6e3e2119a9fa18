import type { ProgramResult, ProgramRun } from "../../platforms/platform.ts";
import { copyLimits } from "../snapshot/copy.ts";
import type { WorkloadContext } from "../workload.ts";

type NewVersionRun = Pick<ProgramRun, "purpose" | "image" | "start" | "argv" | "places" | "deadline">;

/** Runs a program of a workload's new version on a state that nothing has open: on a copy, or in the update itself. */
export function runOfNewVersion(context: WorkloadContext, run: NewVersionRun): Promise<ProgramResult> {
  const { workload, platform } = context;
  return platform.runProgram({
    name: `clawforce-migration-${workload.stack}-${workload.name}`,
    workload: workload.name,
    ...run,
    environment: workload.snapshots.drill.environment,
    limits: copyLimits(context),
  });
}
