import type Docker from "dockerode";
import type { LeftOver } from "../platform.ts";
import { unlessGone } from "./client.ts";
import { deadHostLocks, removeStopped } from "./host-lock.ts";
import { oneShotLabel, workloadOfOneShot } from "./one-shot.ts";

/**
 * What killed runs have left behind of these workloads: one-shot containers of every kind, drills with their volumes, and
 * locks that nothing holds.
 */
export async function leftOversOf(docker: Docker, workloads: readonly string[]): Promise<LeftOver[]> {
  const filters = { label: [oneShotLabel] };
  const containers = await docker.listContainers({ all: true, filters });
  const { Volumes } = await docker.listVolumes({ filters });
  const dead = await deadHostLocks(docker);
  return [
    ...containers.flatMap(({ Id, Labels }) => leftOver("container", Id, Labels, workloads)),
    // A volume goes after the container that mounts it.
    ...(Volumes ?? []).flatMap(({ Name, Labels }) => leftOver("volume", Name, Labels, workloads)),
    ...dead
      .filter(({ holder }) => workloads.includes(holder.of) || holder.kind === "drill")
      .map(({ id, holder }) => ({ kind: "lock" as const, id, what: `${holder.purpose} on ${holder.host}` })),
  ];
}

function leftOver(
  kind: "container" | "volume",
  id: string,
  labels: Record<string, string> | null,
  workloads: readonly string[],
): LeftOver[] {
  const workload = workloadOfOneShot(labels);
  const purpose = labels?.["clawforce.purpose"] ?? "short-lived container";
  return workload === undefined || !workloads.includes(workload)
    ? []
    : [{ kind, id, what: `${purpose} of ${workload}` }];
}

export async function removeLeftOver(docker: Docker, { kind, id }: LeftOver): Promise<void> {
  if (kind === "lock") {
    return removeStopped(docker, id);
  }
  await unlessGone(
    kind === "container"
      ? docker.getContainer(id).remove({ force: true, v: true })
      : docker.getVolume(id).remove(),
  );
}
