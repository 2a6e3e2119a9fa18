import { join } from "node:path";
import { run } from "../processes.ts";
import type { Workshop } from "./workshop.ts";

/** Installs what the folder's package-lock.json pins, as a linux/amd64 machine would, without running its scripts. */
export async function installLocked(workshop: Workshop, folder: string): Promise<void> {
  const npmCache = join(workshop.cache.folder, "npm");
  await run(["npm", "ci", ...npmArgs, `--cache=${npmCache}`], { cwd: folder, log: workshop.log });
}

const npmArgs = [
  "--omit=dev",
  "--ignore-scripts",
  // Without it npm adds OpenClaw's peers: a local language model engine and a browser's canvas.
  "--legacy-peer-deps",
  "--os=linux",
  "--cpu=x64",
  "--libc=glibc",
  "--no-audit",
  "--no-fund",
  "--prefer-offline",
  "--loglevel=error",
];
