import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { workloadFolder } from "../lifecycle/evidence/log.ts";

/**
 * Keeps the report and the timeline of an update for the change ticket: `<evidence>/<stack>/reports/<time>.md` and
 * `.svg`, readable by their owner alone: a check's words may say more than others should read.
 */
export async function keepUpdateFiles(
  directory: string,
  stack: string,
  began: Date,
  files: { report: string; timeline: string },
): Promise<{ report: string; timeline: string }> {
  const folder = join(workloadFolder(directory, stack, "."), "reports");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // Without colons, so that every file system takes it.
  const name = began.toISOString().replace(/[:-]/g, "").replace(/\.\d+/, "");
  const kept = { report: join(folder, `${name}.md`), timeline: join(folder, `${name}.svg`) };
  await writeFile(kept.report, files.report, { mode: 0o600 });
  await writeFile(kept.timeline, files.timeline, { mode: 0o600 });
  return kept;
}
