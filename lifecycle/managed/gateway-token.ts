import { variableIn } from "../../config/variable.ts";
import { unitOf } from "../update/unit-of.ts";
import type { WorkloadContext } from "../workload.ts";

/** The token of a managed gateway is the control plane's to give: its container has it. */
export async function withManagedToken(context: WorkloadContext): Promise<WorkloadContext> {
  const { workload, secrets } = context;
  if (workload.managed !== true) {
    return context;
  }
  const { environment } = await unitOf(context);
  const gatewayToken = gatewayTokenOf(environment, workload.tokenVariable ?? "");
  return { ...context, secrets: { ...secrets, gatewayToken } };
}

/** The gateway's token as its container has it, for the checks inside. Held in memory only. */
export function gatewayTokenOf(environment: readonly string[], variable: string): string {
  return variableIn(environment, variable) ?? "";
}
