import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { OperationFailure } from "../failure.ts";
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

export async function waitHealthy(docker: Docker, name: string, wait: number): Promise<void> {
  const until = Date.now() + wait * 1000;
  for (;;) {
    const info = await inspectContainer(docker, name);
    if (info === undefined) {
      throw new OperationFailure(`the container ${name} is gone.`);
    }
    const health = info.State.Health?.Status;
    if (info.State.Running && (health === undefined || health === "healthy")) {
      return;
    }
    if (Date.now() > until || (!info.State.Running && !info.State.Restarting)) {
      const last = info.State.Health?.Log?.at(-1)?.Output?.trim();
      const what = info.State.Running ? `is ${health}` : `ended with exit code ${info.State.ExitCode}`;
      const said = last ? `; its last health check said: ${last}` : "";
      throw new OperationFailure(`the container ${name} ${what} (waited ${wait} s at most)${said}.`);
    }
    await sleep(200);
  }
}
