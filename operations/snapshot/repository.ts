import { readFile } from "node:fs/promises";
import { placesOfNoVersion } from "../../evidence/moved-state.ts";
import { listOneShots, type OneShotResult, oneShotLabel, runOneShot } from "../docker/one-shot.ts";
import { OperationFailure } from "../failure.ts";
import { scriptDeadline } from "../time-budget.ts";
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
  if (call.state !== "none" && call.state !== undefined) {
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
    workload: workload.name,
    purpose: call.purpose,
    image: workload.snapshots.image,
    argv: ["bash", "-c", await scriptText(call.script), call.script, ...(call.arguments ?? [])],
    binds,
    environment: { PLACES_OF_NO_VERSION: placesOfNoVersion.join("\n") },
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
 * Makes a repository usable that a killed run left locked. Held by the caller: the workload's mutex. So every container
 * of ours that still works on it belongs to a run that is over, and is ended first.
 */
export async function takeOverRepository(context: WorkloadContext): Promise<void> {
  const left = await listOneShots(context.docker, context.workload.name);
  for (const container of left) {
    context.progress(
      `removing a left-over container (${container.Labels["clawforce.purpose"] ?? oneShotLabel})`,
    );
    await context.docker.getContainer(container.Id).remove({ force: true, v: true });
  }
  await runScript(context, { script: "unlock", purpose: "removal of stale locks", deadline: 120 });
}
