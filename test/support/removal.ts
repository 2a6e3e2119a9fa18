import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { unlessGone } from "../../platforms/docker/client.ts";
import { oneShotLabel } from "../../platforms/docker/one-shot.ts";

const attempts = 120;
/** Between two attempts, in ms. */
const usualPause = 500;

/** What Docker answers while a container is on its way out: for the container, its volumes and its networks. */
const isStillInUse = (error: unknown) =>
  [403, 409].includes((error as { statusCode?: number }).statusCode ?? 0);

/** A container that has just been removed, or is on its way out, keeps its volume for a moment longer. */
export async function removeVolume(docker: Docker, name: string): Promise<void> {
  await onceUnused(() => docker.getVolume(name).remove({ force: true }), usualPause);
}

/**
 * Removes the containers, volumes and networks of a test, which have a word of their own in their names or in the labels
 * of a stack or a one-shot. What still starts meanwhile (of a deployer that a test has killed) goes as well.
 */
export async function removeAllWith(word: string, docker: Docker, pause = usualPause): Promise<void> {
  const isOurs = (...names: (string | undefined)[]) =>
    names.some((name) => name?.split(/[^A-Za-z0-9]+/).includes(word));
  await onceUnused(async () => {
    for (const { Id, Names, Labels } of await docker.listContainers({ all: true })) {
      if (isOurs(...Names, Labels["clawforce.stack"], Labels[oneShotLabel])) {
        await unlessGone(docker.getContainer(Id).remove({ force: true, v: true }));
      }
    }
    for (const { Name } of (await docker.listVolumes()).Volumes) {
      if (isOurs(Name)) await unlessGone(docker.getVolume(Name).remove({ force: true }));
    }
    for (const { Id, Name } of await docker.listNetworks()) {
      if (isOurs(Name)) await unlessGone(docker.getNetwork(Id).remove());
    }
  }, pause);
}

async function onceUnused(removal: () => Promise<unknown>, pause: number): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await removal();
      return;
    } catch (error) {
      if (!isStillInUse(error) || attempt === attempts) throw error;
      await sleep(pause);
    }
  }
}
