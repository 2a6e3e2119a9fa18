import type { IncomingMessage } from "node:http";
import type Docker from "dockerode";
import type { Inspected } from "./adopted-settings.ts";

/** Of a mode as the engine tells it. */
const folderBit = 2 ** 31;

/**
 * Where a container has a single file of the host, or a socket, in place of a folder: its list of mounts makes no difference.
 * What the engine can't say counts as a folder.
 */
export async function singleFiles(
  docker: Docker,
  { Id, Mounts }: Pick<Inspected, "Id" | "Mounts">,
): Promise<ReadonlySet<string>> {
  const binds = Mounts.filter(({ Type }) => Type === "bind").map(({ Destination }) => Destination);
  const isFile = await Promise.all(binds.map((path) => isSingleFile(docker, Id, path)));
  return new Set(binds.filter((_, index) => isFile[index]));
}

async function isSingleFile(docker: Docker, id: string, path: string): Promise<boolean> {
  try {
    const answer = (await docker.getContainer(id).infoArchive({ path })) as unknown as IncomingMessage;
    // There is no body, but an answer that nobody reads keeps its connection, and with it this process.
    answer.resume();
    const stat = String(answer.headers["x-docker-container-path-stat"]);
    const { mode } = JSON.parse(Buffer.from(stat, "base64").toString()) as { mode: number };
    return mode < folderBit;
  } catch {
    return false;
  }
}
