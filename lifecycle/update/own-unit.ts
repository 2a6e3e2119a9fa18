import type { Unit } from "../../platforms/platform.ts";
import type { WorkloadContext } from "../workload.ts";

/** What this stack has made for the workload. What stands in its place is not stopped, whatever leaves the stack. */
export async function ownUnit({
  platform,
  workload,
}: Pick<WorkloadContext, "platform" | "workload">): Promise<Unit | undefined> {
  const { stack, name, container } = workload;
  const found = await platform.unit(container);
  const stranger = found && (await platform.strangerAt({ stack, name, unit: container }));
  return stranger === undefined ? found : undefined;
}
