import { createRequire } from "node:module";
import type Docker from "dockerode";
import { messageOf, untouchedBy } from "../failure.ts";
import { type DockerAccess, defaultAnswer } from "./access.ts";
import { connectionsTo } from "./connection.ts";
import { withDeadlines } from "./deadlines.ts";
import { engineFailure } from "./engine-failure.ts";

const require = createRequire(import.meta.url);

/**
 * A client for a Docker host given as `unix:///path`, `tcp://host:port` or `ssh://user@host`: the one that is named, whatever
 * DOCKER_HOST says. Each of its calls has a deadline.
 */
export function dockerClient(host: string, access: DockerAccess = {}): Docker {
  // Loaded when it is first needed: a preview gets by without.
  const Client = require("dockerode") as typeof Docker;
  const client = new Client({
    protocol: "http",
    host: "docker",
    port: 80,
    agent: connectionsTo(host, access),
    // Set here, so that nothing of them is taken from the environment.
    ...{ socketPath: undefined, pathPrefix: undefined, timeout: undefined },
    ...{ ca: undefined, cert: undefined, key: undefined },
  } as Docker.DockerOptions);
  return withDeadlines(client, host, access.answer ?? defaultAnswer);
}

/** The same as `untouchedBy`, for an error that no call of a client has gone through. */
export function unreachableHost(host: string, error: unknown): unknown {
  return untouchedBy(engineFailure(host, error));
}

export function isNotFound(error: unknown): boolean {
  return (error as { statusCode?: number }).statusCode === 404;
}

/** For what is to be removed: it may have gone by itself. */
export async function unlessGone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** 304 (already started or stopped) is the wanted state, not an error. */
export function isUnchanged(error: unknown): boolean {
  return (error as { statusCode?: number }).statusCode === 304;
}

export async function inspectContainer(
  docker: Docker,
  idOrName: string,
): Promise<Docker.ContainerInspectInfo | undefined> {
  try {
    return await docker.getContainer(idOrName).inspect();
  } catch (error) {
    if (isNotFound(error)) {
      return undefined;
    }
    throw error;
  }
}

export function describeDockerError(error: unknown): string {
  const reason = (error as { json?: { message?: string } }).json?.message;
  return reason ?? messageOf(error);
}
