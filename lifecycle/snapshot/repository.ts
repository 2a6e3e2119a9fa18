import { readFile } from "node:fs/promises";
import type { StateLocation } from "../../config/rollout.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import { type JobPlace, type JobResult, lookOf } from "../../platforms/platform.ts";
import { placesOfNoVersion } from "../evidence/moved-state.ts";
import { scriptDeadline } from "../update/time-budget.ts";
import type { Workload, WorkloadContext } from "../workload.ts";

export interface ScriptCall {
  /** File name below scripts/, without its ending. */
  script: string;
  purpose: string;
  arguments?: string[];
  /** Whether the state is mounted, and how; `scratch` is mounted at /scratch/state. */
  state?: "read-only" | "read-write" | "none";
  scratch?: StateLocation;
  /** A copy that stands at /state in place of the workload's own state, and without what belongs to that elsewhere. */
  copy?: StateLocation;
  deadline?: number;
  /** It touches no repository and needs no lock: it is not ended when another deployer gets the lock. */
  looksOnly?: true;
  /** Fails when the state's volume or folder is missing, where it would be made. */
  onlyIfThere?: true;
}

const scripts = new URL("./scripts/", import.meta.url);

/** Of restic on the platform, shared by all workloads: an unchanged file is not read again. */
const resticCache = "clawforce-restic-cache";

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
export async function runScript(context: WorkloadContext, call: ScriptCall): Promise<JobResult> {
  const { workload } = context;
  const result = await context.platform.job({
    workload: call.looksOnly === true ? lookOf(workload.name) : workload.name,
    purpose: call.purpose,
    image: workload.snapshots.image,
    argv: ["bash", "-c", await scriptText(call.script), call.script, ...(call.arguments ?? [])],
    places: placesOf(workload, call),
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

function placesOf(
  workload: Workload,
  { state = "none", scratch, copy, onlyIfThere }: ScriptCall,
): JobPlace[] {
  const backups = copy === undefined ? workload.backups : undefined;
  const own = { readOnly: state === "read-only", ...(onlyIfThere && { onlyIfThere }) };
  return [
    { from: { directory: repositoryOf(workload) }, at: "/repository", readOnly: false },
    { from: { volume: resticCache }, at: "/cache", readOnly: false },
    ...(state === "none" ? [] : [{ from: copy ?? workload.state, at: "/state", ...own }]),
    ...(state === "none" || backups === undefined || onlyIfThere
      ? []
      : [{ from: backups, at: "/backups", ...own }]),
    ...(scratch === undefined ? [] : [{ from: scratch, at: "/scratch/state", readOnly: false }]),
  ];
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
  const { platform, workload, progress } = context;
  const image = workload.snapshots.image;
  const lock = { kind: "repository" as const, of: workload.name, purpose, image, wait: 120, progress };
  return platform.lock(lock, async () => {
    for (const left of await platform.endJobs(workload.name)) {
      progress(`removed a left-over container (${left})`);
    }
    return work();
  });
}
