import { request } from "node:http";
import { text } from "node:stream/consumers";
import type Docker from "dockerode";
import { type DockerAccess, defaultAnswer } from "../../config/docker-access.ts";
import { connectionsTo } from "./connection.ts";
import { silentEngine } from "./engine-failure.ts";

/**
 * All containers of a host. A preview asks for nothing else, so the host is asked without the client: to load that takes
 * as long as a tenth of the preview.
 */
export async function listContainers(
  host: string,
  access: DockerAccess = {},
): Promise<Docker.ContainerInfo[]> {
  const { status, body } = await get(host, access, "/containers/json?all=1");
  if (status !== 200) {
    throw new Error(`Docker answered the list of containers with HTTP ${status}: ${body.trim()}`);
  }
  return JSON.parse(body) as Docker.ContainerInfo[];
}

function get(
  host: string,
  access: DockerAccess,
  path: string,
): Promise<{ status: number | undefined; body: string }> {
  const seconds = access.answer ?? defaultAnswer;
  return new Promise((resolve, reject) => {
    const agent = connectionsTo(host, access);
    const asked = request({ agent, path, headers: { host: "docker" } }, (response) => {
      text(response)
        .then((body) => resolve({ status: response.statusCode, body }), reject)
        .finally(() => clearTimeout(timer));
    })
      .on("error", (error) => {
        clearTimeout(timer);
        reject(error);
      })
      .end();
    const timer = setTimeout(() => {
      reject(silentEngine(host, "the list of containers", seconds));
      asked.destroy();
    }, seconds * 1000);
  });
}
