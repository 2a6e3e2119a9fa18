import { readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { messageOf } from "../../platforms/failure.ts";
import { releasesOf } from "../evidence/move.ts";
import type { ReadRecord } from "../evidence/records.ts";
import type { WorkloadContext } from "../workload.ts";
import { backupFolder } from "./context.ts";

/**
 * Archives go only after a pass: those of releases that can be gone back to stay, and the newest few. The control plane
 * keeps its own backups; these are copies. Keeping too many is no failure.
 */
export async function forgetArchives(
  context: WorkloadContext,
  records: readonly ReadRecord[],
): Promise<void> {
  const folder = backupFolder(context);
  try {
    const present = await readdir(folder);
    for (const file of expiredArchives(present, records, context.workload.snapshots.keep.last)) {
      await rm(join(folder, file), { force: true });
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
      context.progress(`expired archives were not removed: ${messageOf(error)}`);
    }
  }
}

/** File names among `present` that no release needs and that are not among the `last` newest on record. */
export function expiredArchives(
  present: readonly string[],
  records: readonly ReadRecord[],
  last: number,
): string[] {
  const needed = new Set(releasesOf(records).map(({ snapshot }) => snapshot));
  const recorded = records.flatMap((record) =>
    record.kind === "snapshot" && record.archive !== undefined
      ? [{ snapshot: record.snapshot, file: basename(record.archive.file) }]
      : [],
  );
  const newest = new Set(recorded.slice(-last).map(({ file }) => file));
  return recorded
    .filter(({ snapshot, file }) => !needed.has(snapshot) && !newest.has(file) && present.includes(file))
    .map(({ file }) => file);
}
