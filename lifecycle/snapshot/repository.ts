import { readFile } from "node:fs/promises";
import { placesOfNoVersion } from "../evidence/moved-state.ts";
import { withHostLock } from "../../platforms/docker/host-lock.ts";
import { listOneShots, lookLabel, type OneShotResult, oneShotLabel, runOneShot } from "../../platforms/docker/one-shot.ts";
import { mountOf } from "../../platforms/docker/writers.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import { scriptDeadline } from "../update/time-budget.ts";
import type { Workload, WorkloadContext } from "../workload.ts";
import { stateBind } from "../workload.ts";

export interface ScriptCall {
  /** File name below scripts/, without its ending. */
  script: string;
  purpose: string;
  arguments?: string[];
  /** Whether the state is mounted, and how; `scratch` mounts the given volume at /scratch/state instead. */
  state?: "read-only" | "read-write" | "none";
  scratchVolume?: string;
  deadline?: number;
  /** It touches no repository and needs no lock: it is not ended when another deployer gets the lock. */
  looksOnly?: true;
  /** Fails when the state's volume or folder is missing, where it would be made. */
  onlyIfThere?: true;
}

const scripts = new URL("./scripts/", import.meta.url);

async function scriptText(name: string): Promise<string> {
  const parts = ["library", "place-databases", name].map((part) =>
    readFile(new URL(`${part}.sh`, scripts), "utf8"),
  );
  return (await Promise.all(parts)).join("\n");
}

/** Folder of a workload's own repository on the Docker host. One each: restic's locks are repository-wide. */
export function repositoryOf(workload: Workload): string {
  return `${workload.snapshots.repositories}/${workload.name}`;
}

/** Runs one of the scripts in a container of the pinned snapshot image, next to the workload's state. */
export async function runScript(context: WorkloadContext, call: ScriptCall): Promise<OneShotResult> {
  const { workload } = context;
  const binds = [`${repositoryOf(workload)}:/repository`, "clawforce-restic-cache:/cache"];
  const mounts = call.onlyIfThere === true ? [mountOf(workload.state, "/state")] : [];
  if (call.state !== "none" && call.state !== undefined && mounts.length === 0) {
    const mode = call.state === "read-only" ? ":ro" : "";
    binds.push(`${stateBind(workload.state)}:/state${mode}`);
    if (workload.backups !== undefined) {
      binds.push(`${stateBind(workload.backups)}:/backups${mode}`);
    }
  }
  if (call.scratchVolume !== undefined) {
    binds.push(`${call.scratchVolume}:/scratch/state`);
  }
  const result = await runOneShot(context.docker, {
    workload: call.looksOnly === true ? lookLabel(workload.name) : workload.name,
    purpose: call.purpose,
    image: workload.snapshots.image,
    argv: ["bash", "-c", await scriptText(call.script), call.script, ...(call.arguments ?? [])],
    binds,
    environment: { PLACES_OF_NO_VERSION: placesOfNoVersion.join("\n") },
    mounts,
    stdin: context.secrets.snapshotPassword,
    deadline: call.deadline ?? scriptDeadline,
  });
  if (result.exitCode !== 0) {
    const said = result.stderr.trim().split("\n").slice(-6).join("\n  ");
    throw new OperationFailure(
      `${workload.name}: the ${call.purpose} failed (exit code ${result.exitCode}, repository ${repositoryOf(workload)}):\n  ${said}`,
    );
  }
  return result;
}

/**
 * Runs `work` with the workload's repository to itself, whoever else works from whatever machine. Taken before a hold
 * begins, so that no request waits for it. Containers of ours that still work for the workload belong to a run that is
 * over, and are ended; each script drops the locks of restic that such a run has left.
 */
export function withRepository<T>(
  context: WorkloadContext,
  purpose: string,
  work: () => Promise<T>,
): Promise<T> {
  const { docker, workload, progress } = context;
  const image = workload.snapshots.image;
  const lock = { kind: "repository" as const, of: workload.name, purpose, image, wait: 120, progress };
  return withHostLock(docker, lock, async () => {
    for (const container of await listOneShots(docker, workload.name)) {
      progress(`removing a left-over container (${container.Labels["clawforce.purpose"] ?? oneShotLabel})`);
      await docker.getContainer(container.Id).remove({ force: true, v: true });
    }
    return work();
  });
}
