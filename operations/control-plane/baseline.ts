import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ControlPlaneBaseline } from "../../evidence/records.ts";
import type { Attempt } from "../checks/judge.ts";
import type { Drained } from "../drain.ts";
import { secondsSince } from "../step.ts";
import type { Task } from "./answers.ts";
import { ArchiveDamaged, openArchive } from "./archive.ts";
import type { ControlPlaneClient } from "./client.ts";
import { judgeArchive, judgeLogin } from "./judge.ts";

/** What an update of the control plane must leave as it is. */
export async function readBaseline(client: ControlPlaneClient): Promise<ControlPlaneBaseline> {
  const { build_date: build } = await client.health();
  const instances = await client.instances();
  const backups = await client.backups();
  const completed = backups.filter(({ status }) => status === "completed").sort((a, b) => b.id - a.id);
  const [newest] = completed;
  return {
    ...(build !== undefined && { build }),
    instances: instances.map(({ name, status }) => ({ name, status })),
    backups: backups.length,
    ...(newest !== undefined && {
      newestBackup: { id: newest.id, instance: newest.instance_name, paths: pathsOf(newest.paths) },
    }),
  };
}

/** A new login, each time: what was logged in before says nothing of an update. */
export async function checkLogin(client: ControlPlaneClient, username: string): Promise<Attempt> {
  await client.login();
  return judgeLogin(username, await client.me());
}

export interface NewestBackup {
  /** From before the update: the backup that has to be there still. */
  baseline: ControlPlaneBaseline;
  /** A folder for the download, 0700; the archive does not stay there. */
  folder: string;
  /** State directory inside the instances: `/home/node/.openclaw`. */
  statePath: string;
  /** Smallest size in bytes of an archive that can hold a state, default 200: an empty one has about 50. */
  floor?: number;
}

/** Downloads and opens the newest backup of before the update. A control plane without any has nothing to show. */
export async function checkNewestBackup(client: ControlPlaneClient, options: NewestBackup): Promise<Attempt> {
  const { newestBackup } = options.baseline;
  if (newestBackup === undefined) {
    return { passed: true, detail: "there was no completed backup before" };
  }
  const file = join(options.folder, `backup-${newestBackup.id}.tar.gz`);
  const configuration = `${options.statePath.replace(/^\/+/, "")}/openclaw.json`;
  const files = newestBackup.paths.some((path) => covers(path, options.statePath)) ? [configuration] : [];
  try {
    await client.downloadBackup(newestBackup.id, file);
    const archive = await openArchive(file, files);
    const verdict = judgeArchive(archive, { files, floor: options.floor ?? 200 });
    return { ...verdict, detail: `backup ${newestBackup.id} of ${newestBackup.instance}: ${verdict.detail}` };
  } catch (error) {
    if (error instanceof ArchiveDamaged) {
      return {
        passed: false,
        detail: `backup ${newestBackup.id} of ${newestBackup.instance}: ${error.message}`,
      };
    }
    throw error;
  } finally {
    await rm(file, { force: true });
  }
}

/** HOME holds the state in every image that we know. */
function covers(path: string, statePath: string): boolean {
  return path === "HOME" || path === "/" || `${statePath}/`.startsWith(`${path.replace(/\/+$/, "")}/`);
}

function pathsOf(text: string): string[] {
  try {
    const paths: unknown = JSON.parse(text);
    return Array.isArray(paths) ? paths.map(String) : [];
  } catch {
    return [];
  }
}

/** What is under way in the control plane. At its next start it would take all of it for failed. */
export function activeTasks(client: ControlPlaneClient): Promise<Task[]> {
  return client.activeTasks();
}

/** Waits until no task is active, `budget` seconds at most; what is still active then is said. */
export async function drainTasks(client: ControlPlaneClient, budget: number): Promise<Drained> {
  const began = performance.now();
  const first = (await client.activeTasks()).length;
  let active = first;
  while (active > 0 && performance.now() - began < budget * 1000) {
    await sleep(500);
    active = (await client.activeTasks()).length;
  }
  return { active: first, seconds: secondsSince(began), cut: active };
}
