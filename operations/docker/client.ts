import { createRequire } from "node:module";
import type Docker from "dockerode";
import { messageOf, OperationFailure } from "../failure.ts";

const require = createRequire(import.meta.url);

/**
 * A client for a Docker host given as `unix:///path`, `tcp://host:port` or `ssh://user@host`.
 * TLS material for `tcp://` comes from DOCKER_CERT_PATH, as with the docker command.
 */
export function dockerClient(host: string): Docker {
  // Loaded when it is first needed: a preview of a host on this machine gets by without.
  const Client = require("dockerode") as typeof Docker;
  const url = new URL(host);
  if (url.protocol === "unix:") {
    return new Client({ socketPath: url.pathname });
  }
  if (url.protocol === "ssh:") {
    return new Client({
      protocol: "ssh",
      host: url.hostname,
      port: Number(url.port || 22),
      username: url.username || "root",
    });
  }
  const secured = process.env.DOCKER_TLS_VERIFY !== undefined && process.env.DOCKER_TLS_VERIFY !== "";
  return new Client({
    protocol: secured ? "https" : "http",
    host: url.hostname,
    port: Number(url.port || (secured ? 2376 : 2375)),
  });
}

/** Turns an unreachable host into one sentence; every other error passes through. */
export function unreachableHost(host: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  const unreachable = [
    "ENOENT",
    "ECONNREFUSED",
    "EACCES",
    "ENOTFOUND",
    "ETIMEDOUT",
    "EHOSTUNREACH",
    "ECONNRESET",
  ];
  if (code !== undefined && unreachable.includes(code)) {
    return new OperationFailure(
      `The Docker host ${host} does not answer (${code}); nothing was done. Start it, or correct clawforce:platform.host.`,
    );
  }
  return error;
}

export function isNotFound(error: unknown): boolean {
  return (error as { statusCode?: number }).statusCode === 404;
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
