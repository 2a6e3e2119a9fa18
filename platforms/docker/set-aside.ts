import type Docker from "dockerode";
import type { AsideNames, Displaced } from "../displaced.ts";
import { hasOwnNetwork } from "./adopted-networks.ts";
import { describeDockerError } from "./client.ts";
import { restartPolicyOf } from "./unit.ts";

/** An engine that restarts must not start it by itself. */
export async function neverRestart(docker: Docker, id: string): Promise<void> {
  await docker.getContainer(id).update({ RestartPolicy: restartPolicyOf("no") });
}

/**
 * Gives a stopped container another name, and keeps everybody from starting it: Compose finds what it has made by labels,
 * and starts it under any name. The policy comes first: an engine that restarts in between must not start it either.
 *
 * @returns why it can be started all the same; undefined: it can't.
 */
export async function setAside(docker: Docker, id: string, name: string): Promise<string | undefined> {
  await neverRestart(docker, id);
  const container = docker.getContainer(id);
  await rename(container, name);
  const { HostConfig, NetworkSettings } = await container.inspect();
  if (barsOf(NetworkSettings).length > 0) return undefined;
  if (!hasOwnNetwork(HostConfig.NetworkMode)) return "it has no network of its own";
  try {
    await bar(docker, id, barOf(name));
    return undefined;
  } catch (error) {
    return describeDockerError(error);
  }
}

export async function putBack(docker: Docker, { id, name, restart }: Displaced): Promise<void> {
  const container = docker.getContainer(id);
  for (const bar of barsOf((await container.inspect()).NetworkSettings)) {
    await docker.getNetwork(bar).disconnect({ Container: id, Force: true });
  }
  await rename(container, name);
  await container.update({ RestartPolicy: restartPolicyOf(restart) });
}

export function waysBack({ name, restart }: Displaced, { kept, own, failed }: AsideNames): string[] {
  return [
    `docker stop ${own}`,
    `docker rename ${own} ${failed}`,
    `docker network disconnect ${barOf(kept)} ${kept}`,
    `docker rename ${kept} ${name}`,
    ...(restart === "no" ? [] : [`docker update --restart=${restart} ${name}`]),
    `docker start ${name}`,
  ];
}

const barEnd = ".is-kept-stopped";

/**
 * A network that is gone again. Whoever starts a container that is to be in it gets `network NAME not found`, so the name says
 * why.
 */
export function barOf(container: string): string {
  return `${container}${barEnd}`;
}

async function bar(docker: Docker, id: string, name: string): Promise<void> {
  const network = await docker.createNetwork({ Name: name, Internal: true });
  try {
    await network.connect({ Container: id });
  } finally {
    await network.remove();
  }
}

function barsOf({ Networks }: Pick<Docker.ContainerInspectInfo["NetworkSettings"], "Networks">): string[] {
  return Object.keys(Networks ?? {}).filter((name) => name.endsWith(barEnd));
}

/** The engine refuses a name that it has already. */
async function rename(container: Docker.Container, name: string): Promise<void> {
  const { Name } = await container.inspect();
  if (Name !== `/${name}`) await container.rename({ name });
}
