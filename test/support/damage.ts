import { execFile } from "node:child_process";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { World } from "./world.ts";

const execute = promisify(execFile);

/** Puts a folder without a repository's configuration in place of a workload's repository. Returns the repair. */
export async function breakRepository(world: World, name: string): Promise<() => Promise<void>> {
  const folder = join(world.folder, "repositories", name);
  const away = `${folder}.away`;
  await mkdir(folder, { recursive: true });
  await rename(folder, away);
  await mkdir(folder);
  await writeFile(join(folder, "stray"), "");
  return async () => {
    await rm(folder, { recursive: true });
    await rename(away, folder);
  };
}

/** A file system of its own with little room, in place of a folder. Needs root, as the engine's host does. */
export async function mountSmall(folder: string, megabytes: number): Promise<() => Promise<void>> {
  await execute("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder]);
  return async () => {
    await execute("umount", ["--lazy", folder]);
  };
}

/** Fills a file system to its last byte. Returns the repair. */
export async function fillUp(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, "filler");
  await execute("dd", ["if=/dev/zero", `of=${file}`, "bs=64k"]).catch((error: { stderr?: string }) => {
    if (!(error.stderr ?? "").includes("No space left")) {
      throw error;
    }
  });
  return async () => {
    await rm(file);
  };
}

/** Freezes a gateway. Tried again, because a kernel that is busy does not always freeze at once. */
export async function freeze(world: World, name: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await world.docker.getContainer(name).pause();
      return;
    } catch (error) {
      if (attempt === 10 || !String(error).includes("unable to freeze")) {
        throw error;
      }
    }
  }
}

/** Runs a container of ours on the state of a workload, as a careless person would. Returns its removal. */
export async function secondWriter(world: World, name: string): Promise<() => Promise<void>> {
  const container = await world.docker.createContainer({
    Image: world.parts.images.tools,
    Cmd: ["sleep", "300"],
    Labels: { "clawforce.stack": world.stack },
    HostConfig: { Binds: [`${name}-state:/state`] },
  });
  await container.start();
  return () => container.remove({ force: true });
}

/** Writes a file into a volume from outside, as a process that still writes would. */
export async function writeIntoState(world: World, name: string, file: string): Promise<void> {
  const container = await world.docker.createContainer({
    Image: world.parts.images.tools,
    Cmd: ["touch", `/state/${file}`],
    Labels: { "clawforce.stack": world.stack },
    HostConfig: { Binds: [`${name}-state:/state`] },
  });
  await container.start();
  await container.wait();
  await container.remove({ force: true });
}
