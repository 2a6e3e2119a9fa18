import { join } from "node:path";
import type Docker from "dockerode";
import { workloadFolder } from "../evidence/log.ts";
import { isNotFound } from "../operations/docker/client.ts";
import { oneShotLabel } from "../operations/docker/one-shot.ts";
import { holderOf, removeDead } from "../operations/mutex.ts";

/** Something short-lived of ours that outlived the run it belongs to. */
export interface LeftOver {
  kind: "container" | "volume" | "drill lock";
  /** Docker's id or name, or the path of a file. */
  id: string;
  /** "cold snapshot of support-2". */
  what: string;
}

/**
 * What killed runs have left behind of these workloads: one-shot containers, probes, drills with their volumes, and the
 * lock of a drill. Not the lock of a repository: it tells the next run to remove restic's locks too.
 */
export async function leftOversOf(
  docker: Docker,
  evidence: { directory: string; stack: string },
  workloads: readonly string[],
): Promise<LeftOver[]> {
  const filters = { label: [oneShotLabel] };
  const containers = await docker.listContainers({ all: true, filters });
  const { Volumes } = await docker.listVolumes({ filters });
  const owned = (labels: Record<string, string> | null) =>
    workloads.find((name) => [name, `${name}/probe`].includes(labels?.[oneShotLabel] ?? ""));
  return [
    ...containers.flatMap(({ Id, Labels }) => leftOver("container", Id, Labels, owned(Labels))),
    // A volume goes after the container that mounts it.
    ...(Volumes ?? []).flatMap(({ Name, Labels }) => leftOver("volume", Name, Labels, owned(Labels))),
    ...(await drillLock(join(workloadFolder(evidence.directory, evidence.stack, "."), "drill.lock"))),
  ];
}

function leftOver(
  kind: "container" | "volume",
  id: string,
  labels: Record<string, string>,
  workload: string | undefined,
): LeftOver[] {
  const purpose = labels["clawforce.purpose"] ?? "short-lived container";
  return workload === undefined ? [] : [{ kind, id, what: `${purpose} of ${workload}` }];
}

async function drillLock(file: string): Promise<LeftOver[]> {
  const holder = await holderOf(file);
  return holder?.alive === false ? [{ kind: "drill lock", id: file, what: holder.purpose }] : [];
}

export async function removeLeftOver(docker: Docker, { kind, id }: LeftOver): Promise<void> {
  try {
    if (kind === "container") {
      await docker.getContainer(id).remove({ force: true, v: true });
    } else if (kind === "volume") {
      await docker.getVolume(id).remove();
    } else {
      await removeDead(id);
    }
  } catch (error) {
    if (!isNotFound(error)) {
      throw error;
    }
  }
}
