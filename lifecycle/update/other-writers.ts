import { statePlaces, type WorkloadContext } from "../workload.ts";

/**
 * Refuses while something else has the state of a workload open. Asked immediately before each start and each creation: two
 * gateways on one state destroy it, and no lock stops them.
 */
export function refuseOtherWriters({
  platform,
  workload,
}: Pick<WorkloadContext, "platform" | "workload">): Promise<void> {
  const { name, container, snapshots } = workload;
  const state = statePlaces(workload).map(({ from }) => from);
  return platform.refuseOtherWriters({ name, unit: container, state, image: snapshots.image });
}
