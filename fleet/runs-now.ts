import type { StackConfig } from "../config/schema.ts";
import { OperationFailure } from "../platforms/failure.ts";
import type { ChangeReport } from "./change-report.ts";
import { look } from "./running.ts";

/** What runs in each workload, as the Docker host says; or why that could not be read. */
export async function readRunsNow(config: StackConfig, stack: string): Promise<ChangeReport["now"]> {
  try {
    const { workloads } = await look(config, stack);
    return workloads.map(({ input, container }) => ({
      workload: input.name,
      runs:
        container?.state === "running"
          ? { image: container.image, container: container.id, since: container.since }
          : undefined,
    }));
  } catch (error) {
    if (error instanceof OperationFailure) return { unreadable: error.message };
    throw error;
  }
}
