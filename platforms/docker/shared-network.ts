import type Docker from "dockerode";
import { networkOwner } from "../../config/network-mode.ts";
import type { Inspected } from "./adopted-settings.ts";
import { inspectContainer } from "./client.ts";

/** The containers that have the network of this one, by name. */
export async function sharingNetwork(docker: Docker, name: string): Promise<string[]> {
  const id = (await inspectContainer(docker, name))?.Id;
  const modes = [`container:${id}`, `container:${name}`];
  return (await docker.listContainers({ all: true }))
    .filter(({ HostConfig }) => modes.includes(HostConfig.NetworkMode))
    .map(({ Names, Id }) => Names[0]?.slice(1) ?? Id)
    .toSorted();
}

/** With the name of the container whose network it has, where the engine tells its id, and what to know of it. */
export async function withNetworkOwner(
  docker: Docker,
  found: Inspected,
): Promise<{ found: Inspected; notes: string[] }> {
  const written = networkOwner(found.HostConfig.NetworkMode);
  if (written === undefined) return { found, notes: [] };
  const name = found.Name.replace(/^\//, "");
  const owner = (await inspectContainer(docker, written))?.Name.replace(/^\//, "");
  if (owner === undefined) {
    const gone = `${name} has the network of the container ${written.slice(0, 12)}, which is gone. Make that one first, and write its name at \`networkMode\`.`;
    return { found, notes: [gone] };
  }
  const others = (await sharingNetwork(docker, owner)).filter((each) => each !== name);
  const beside =
    others.length === 0 ? "" : `, and so ${others.length === 1 ? "has" : "have"} ${others.join(", ")}`;
  return {
    found: { ...found, HostConfig: { ...found.HostConfig, NetworkMode: `container:${owner}` } },
    notes: [
      `${name} has the network of ${owner}${beside}. Whoever makes ${owner} anew takes the network from ${name}.`,
    ],
  };
}
