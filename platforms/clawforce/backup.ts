import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Backup } from "../../lifecycle/control-plane/answers.ts";
import { ArchiveDamaged, type OpenedArchive, openArchive } from "../../lifecycle/control-plane/archive.ts";
import { type ArchiveDemands, judgeArchive } from "../../lifecycle/control-plane/judge.ts";
import { secondsSince } from "../../lifecycle/update/step.ts";
import { OperationFailure } from "../failure.ts";
import { until } from "../until.ts";
import { type ManagedContext, readManaged } from "./instance.ts";

export interface BackupOptions {
  /** What goes in: `HOME`, `Homebrew`, `/` or absolute paths. Default HOME. */
  paths?: readonly string[];
  /** State directory inside the instance: `/home/node/.openclaw`. */
  statePath: string;
  /** Folder on this machine for the archive; made with 0700. */
  folder: string;
  /** Smallest size in bytes that can hold a state. Default 200: an archive of nothing has about 50. */
  floor?: number;
  /** Seconds until it must be completed. Default 600. */
  deadline?: number;
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

const pollSeconds = 0.5;

/** Makes a backup of an instance while it serves, brings it here and opens it: its status "completed" proves nothing. */
export async function backupInstance(
  context: ManagedContext,
  options: BackupOptions,
): Promise<ManagedBackup> {
  const began = performance.now();
  const { client, instance } = context;
  const state = await readManaged(context);
  if (state.container?.running !== true) {
    throw new OperationFailure(
      `${instance} does not run (the control plane says: ${state.status}), so the control plane can't back it up. Start it first.`,
    );
  }
  const id = await client.createBackup(
    state.id,
    options.paths ?? ["HOME"],
    "before an update by clawforce-fleet",
  );
  await completed(context, id, options.deadline ?? 600);
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  const file = join(options.folder, `${instance}-${id}.tar.gz`);
  await client.downloadBackup(id, file);
  const archive = await openUsable(`backup ${id} of ${instance}`, file, {
    files: [configurationIn(options.statePath)],
    floor: options.floor ?? 200,
  });
  const { sha256, bytes, entries } = archive;
  const seconds = secondsSince(began);
  context.progress(`backup ${id}: ${entries} entries, ${bytes} bytes, opened (${seconds} s)`);
  return {
    kind: "managed-backup",
    instance,
    backup: id,
    image: state.container.image,
    file,
    ...{ sha256, bytes, entries, seconds },
  };
}

async function completed(
  { client, instance }: ManagedContext,
  id: number,
  deadline: number,
): Promise<Backup> {
  return until(
    async () => {
      const backup = await client.backup(id);
      if (backup.status === "completed") return { found: backup };
      if (backup.status === "running") return { waitsFor: backup.status };
      throw new OperationFailure(
        `backup ${id} of ${instance} ended as ${backup.status}: ${backup.error_message ?? "no reason given"}.`,
      );
    },
    {
      deadline,
      interval: pollSeconds,
      late: () =>
        new OperationFailure(
          `backup ${id} of ${instance} still runs after ${deadline} s. Wait for it in the control plane, then try again.`,
        ),
    },
  );
}

/** Removes an archive that is of no use, so that nobody takes it for a backup. */
async function openUsable(what: string, file: string, demands: ArchiveDemands): Promise<OpenedArchive> {
  const refuse = async (reason: string): Promise<never> => {
    await rm(file, { force: true });
    throw new OperationFailure(
      `${what} is completed, but of no use: ${reason}. Look at what the instance has at its paths, then try again.`,
    );
  };
  let archive: OpenedArchive;
  try {
    archive = await openArchive(file, demands.files);
  } catch (error) {
    return error instanceof ArchiveDamaged ? refuse(error.message) : Promise.reject(error);
  }
  const verdict = judgeArchive(archive, demands);
  return verdict.passed ? archive : refuse(verdict.detail);
}

/** OpenClaw's configuration as archives name it. */
export function configurationIn(statePath: string): string {
  return `${statePath.replace(/^\/+|\/+$/g, "")}/openclaw.json`;
}
