import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A folder of one test's own, made in the test or before it. It goes with the test. */
export function scratchFolder(place = tmpdir()): string {
  const folder = mkdtempSync(join(place, "clawforce-scratch-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Where files are kept in memory, if the system has such a place: records are synced, and a busy disk takes its time. */
export function placeInMemory(): string {
  const place = "/dev/shm";
  try {
    accessSync(place, constants.W_OK);
    return place;
  } catch {
    return tmpdir();
  }
}
