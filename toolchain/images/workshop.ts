import { mkdir, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { Cache } from "../cache.ts";
import type { DockerCommand } from "../docker-command.ts";
import type { Step } from "../progress.ts";
import { SetUpError } from "../set-up-error.ts";

/** Where images are made: the engine, and a scratch folder that is gone afterwards. */
export interface Workshop {
  readonly docker: DockerCommand;
  readonly cache: Cache;
  /** Emptied before and after. */
  readonly scratch: string;
  /** For what commands print. */
  readonly log: string;
}

/** What making one image is given. */
export interface MakeOptions {
  /** The engine's name that the image gets. */
  readonly reference: string;
  /** The engine's name of the image to stand on; empty without one. */
  readonly base: string;
  readonly doing: Step["doing"];
}

/** Two installations of OpenClaw, the layers made of them, and room to move. */
const neededBytes = 4e9;

export async function openWorkshop(docker: DockerCommand, cache: Cache, log: string): Promise<Workshop> {
  await refuseTooLittleDisk(docker, cache.folder);
  const scratch = join(cache.folder, "images-scratch");
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  return { docker, cache, scratch, log };
}

export async function closeWorkshop(workshop: Workshop): Promise<void> {
  await rm(workshop.scratch, { recursive: true, force: true });
}

async function refuseTooLittleDisk(docker: DockerCommand, cache: string): Promise<void> {
  for (const folder of [cache, await docker.rootFolder()]) {
    if (folder === undefined) continue;
    // An engine elsewhere has its folder elsewhere: its own error must do.
    const free = await statfs(folder).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => Number.POSITIVE_INFINITY,
    );
    if (free < neededBytes) throw new SetUpError(tooLittleDisk(folder, free));
  }
}

export function tooLittleDisk(folder: string, free: number): string {
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  return `Only ${gigabytes(free)} are free in ${folder} and making the images takes ${gigabytes(neededBytes)}: free some, then start again.`;
}
