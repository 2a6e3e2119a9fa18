import { voiceOf } from "../lifecycle/events.ts";
import type { Workload, WorkloadContext } from "../lifecycle/workload.ts";
import { contextOf } from "../operations/program.ts";
import type { Output } from "./command.ts";
import type { NamedStack } from "./stack.ts";
import { secretOf } from "./update-engine.ts";

/** What a command needs that works on a workload itself. The token is for checks of what serves: none of them runs any. */
export async function workloadContext(
  named: NamedStack,
  workload: Workload,
  out: Output,
): Promise<WorkloadContext> {
  const isControlPlane = workload.track === "control-plane";
  const secrets = {
    snapshotPassword: await secretOf(named, "snapshotPassword"),
    gatewayToken: "",
    // Its account has to log in on a copy.
    controlPlanePassword: isControlPlane ? await secretOf(named, "controlPlanePassword") : "",
  };
  return {
    ...contextOf({ workload }, secrets),
    ...voiceOf(workload.name, (line) => out.write(line)),
  };
}
