import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A folder of one test's own, made in the test or before it. It goes with the test. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "clawforce-scratch-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
