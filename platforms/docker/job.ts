import type Docker from "dockerode";
import { sourceOf } from "../../config/rollout.ts";
import { type Job, type JobPlace, type JobResult, PlaceMissing } from "../platform.ts";
import { describeDockerError, isNotFound } from "./client.ts";
import { listOneShots, oneShotLabel, runOneShot } from "./one-shot.ts";
import { mountOf } from "./state-mount.ts";

export async function runJob(docker: Docker, job: Job): Promise<JobResult> {
  const { places, ...rest } = job;
  const mustBeThere = places.filter(({ onlyIfThere }) => onlyIfThere === true);
  for (const place of mustBeThere) await refuseMissing(docker, place);
  try {
    return await runOneShot(docker, {
      ...rest,
      binds: places
        .filter(({ onlyIfThere }) => onlyIfThere !== true)
        .map(({ from, at, readOnly }) => `${sourceOf(from)}:${at}${readOnly ? ":ro" : ""}`),
      mounts: mustBeThere.map(({ from, at, readOnly }) => mountOf(from, at, readOnly)),
    });
  } catch (error) {
    const reason = describeDockerError(error);
    throw reason.includes("bind source path does not exist") ? new PlaceMissing(reason) : error;
  }
}

/** A volume that is named in a mount would be made. */
async function refuseMissing(docker: Docker, { from }: JobPlace): Promise<void> {
  if (!("volume" in from)) return;
  try {
    await docker.getVolume(from.volume).inspect();
  } catch (error) {
    throw isNotFound(error) ? new PlaceMissing(describeDockerError(error)) : error;
  }
}

export async function endJobs(docker: Docker, workload: string): Promise<string[]> {
  const found = await listOneShots(docker, workload);
  for (const { Id } of found) {
    await docker.getContainer(Id).remove({ force: true, v: true });
  }
  return found.map(({ Labels }) => Labels["clawforce.purpose"] ?? oneShotLabel);
}
