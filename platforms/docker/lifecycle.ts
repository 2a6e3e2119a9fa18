import type Docker from "dockerode";
import { OperationFailure } from "../failure.ts";
import { until } from "../until.ts";
import { inspectContainer, isUnchanged } from "./client.ts";

/** Stops a container and proves that it is stopped. */
export async function stopContainer(
  docker: Docker,
  name: string,
  grace: number,
): Promise<{ seconds: number; killed: boolean }> {
  const began = performance.now();
  const container = docker.getContainer(name);
  try {
    await container.stop({ t: Math.ceil(grace) });
  } catch (error) {
    if (!isUnchanged(error)) {
      throw error;
    }
  }
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  const after = await container.inspect();
  if (after.State.Running) {
    throw new OperationFailure(`${name} still runs after it was stopped.`);
  }
  return { seconds, killed: after.State.ExitCode === 137 };
}

/** Starts a container that is there, or lets a paused one go on, and waits until it is healthy. */
export async function startContainer(docker: Docker, name: string, wait: number): Promise<void> {
  const container = docker.getContainer(name);
  const before = await container.inspect();
  if (before.State.Paused) {
    await container.unpause();
  }
  try {
    await container.start();
  } catch (error) {
    if (!isUnchanged(error)) {
      throw error;
    }
  }
  await waitHealthy(docker, name, wait);
}

/** One that ends as often as this will end again: more of the same is not waited for. */
const endsForGood = 3;

export async function waitHealthy(docker: Docker, name: string, wait: number): Promise<void> {
  let endsBefore: number | undefined;
  await until(
    async () => {
      const info = await inspectContainer(docker, name);
      if (info === undefined) {
        throw new OperationFailure(`the container ${name} is gone.`);
      }
      const { Running, Restarting, ExitCode, Health } = info.State;
      if (Running && (Health?.Status === undefined || Health.Status === "healthy")) {
        return { found: undefined };
      }
      endsBefore ??= info.RestartCount;
      const ends = info.RestartCount - endsBefore;
      if (ends >= endsForGood) {
        throw new OperationFailure(
          `the container ${name} has ended ${ends} times, last with exit code ${ExitCode}. Its log: \`docker logs --tail 50 ${name}\``,
        );
      }
      const last = Health?.Log?.at(-1)?.Output?.trim();
      const what = Running ? `is ${Health?.Status}` : `ended with exit code ${ExitCode}`;
      const said = last ? `; its last health check said: ${last}` : "";
      const sentence = `the container ${name} ${what} (waited ${wait} s at most)${said}.`;
      if (!Running && !Restarting) throw new OperationFailure(sentence);
      return { waitsFor: sentence };
    },
    { deadline: wait, interval: 0.2, late: (sentence) => new OperationFailure(sentence) },
  );
}
