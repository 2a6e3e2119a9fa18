import type Docker from "dockerode";
import type { DockerAccess } from "./access.ts";
import { question } from "./question.ts";

/** All containers of a host. */
export async function listContainers(
  host: string,
  access: DockerAccess = {},
): Promise<Docker.ContainerInfo[]> {
  const { status, body } = await question(host, access, "/containers/json?all=1");
  if (status !== 200) {
    throw new Error(`Docker answered the list of containers with HTTP ${status}: ${body.trim()}`);
  }
  return JSON.parse(body) as Docker.ContainerInfo[];
}
