import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";

/** Attempts, half a second apart. */
const attempts = 120;

/** A container that has just been removed, or is on its way out, keeps its volume for a moment longer. */
export async function removeVolume(docker: Docker, name: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await docker.getVolume(name).remove({ force: true });
      return;
    } catch (error) {
      const isInUse = (error as { statusCode?: number }).statusCode === 409;
      if (!isInUse || attempt === attempts) throw error;
      await sleep(500);
    }
  }
}
