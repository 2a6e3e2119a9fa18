import { rm } from "node:fs/promises";
import { OperationFailure } from "../../platforms/failure.ts";
import { ArchiveDamaged, type OpenedArchive, openArchive } from "../control-plane/archive.ts";
import { judgeArchive } from "../control-plane/judge.ts";
import type { SnapshotEntry } from "../evidence/records.ts";
import { secondsSince } from "../update/step.ts";
import type { ManagedContext } from "./context.ts";

export interface BackupOptions {
  /** What goes in: `HOME`, `Homebrew`, `/` or absolute paths. Default HOME. */
  paths?: readonly string[];
  /** State directory inside the instance: `/home/node/.openclaw`. */
  statePath: string;
  /** Folder on this machine for the archive; made with 0700. */
  folder: string;
}

/** A backup that was opened and checked. */
export interface ManagedBackup {
  kind: "managed-backup";
  instance: string;
  /** Its number in the control plane. */
  backup: number;
  /** The image that the instance ran. */
  image: string;
  file: string;
  sha256: string;
  bytes: number;
  entries: number;
  seconds: number;
}

/** Bytes that can hold a state, at least: an archive of nothing has about 50. */
const floor = 200;

/** Makes a backup of an instance while it serves, brings it here and opens it: its status "completed" proves nothing. */
export async function backupInstance(
  { instance, progress }: ManagedContext,
  { paths, statePath, folder }: BackupOptions,
): Promise<ManagedBackup> {
  const began = performance.now();
  const { name } = instance;
  const { status, container } = await instance.read();
  if (container?.running !== true) {
    throw new OperationFailure(
      `${name} does not run (the control plane says: ${status}), so the control plane can't back it up. Start it first.`,
    );
  }
  const { id: backup, file } = await instance.backUp(paths ?? ["HOME"], folder);
  const archive = await openUsable(`backup ${backup} of ${name}`, file, statePath);
  const { sha256, bytes, entries } = archive;
  const seconds = secondsSince(began);
  progress(`backup ${backup}: ${entries} entries, ${bytes} bytes, opened (${seconds} s)`);
  const { image } = container;
  return { kind: "managed-backup", instance: name, backup, image, file, sha256, bytes, entries, seconds };
}

/** Removes an archive that is of no use, so that nobody takes it for a backup. */
async function openUsable(what: string, file: string, statePath: string): Promise<OpenedArchive> {
  const files = [configurationIn(statePath)];
  const refuse = async (reason: string): Promise<never> => {
    await rm(file, { force: true });
    throw new OperationFailure(
      `${what} is completed, but of no use: ${reason}. Look at what the instance has at its paths, then try again.`,
    );
  };
  let archive: OpenedArchive;
  try {
    archive = await openArchive(file, files);
  } catch (error) {
    return error instanceof ArchiveDamaged ? refuse(error.message) : Promise.reject(error);
  }
  const verdict = judgeArchive(archive, { files, floor });
  return verdict.passed ? archive : refuse(verdict.detail);
}

/** OpenClaw's configuration as archives name it. */
export function configurationIn(statePath: string): string {
  return `${statePath.replace(/^\/+|\/+$/g, "")}/openclaw.json`;
}

/** A backup as a snapshot on record: what a release is set back to. */
export function snapshotOf(backup: ManagedBackup): SnapshotEntry {
  return {
    kind: "snapshot",
    role: "backup",
    snapshot: `backup-${backup.backup}`,
    image: backup.image,
    files: backup.entries,
    bytes: backup.bytes,
    seconds: backup.seconds,
    markers: { databases: {} },
    archive: { file: backup.file, sha256: backup.sha256 },
  };
}
