import type Docker from "dockerode";
import { type DockerAccess, misleadingVariables } from "../../config/docker-access.ts";
import { managingControlPlane } from "../clawforce/recognise.ts";
import { OperationFailure } from "../failure.ts";
import type { Observed } from "../platform.ts";
import { dockerClient, inspectContainer, unreachableHost } from "./client.ts";
import { describeForeign, foreignContainer } from "./foreign-container.ts";
import { pinnedReference } from "./known-digest.ts";
import { listContainers } from "./list.ts";

type DockerHost = DockerAccess & { host: string };

/** One call for a whole host. Throws an OperationFailure of one sentence when the host does not answer. */
export async function observe(
  platform: DockerHost,
  names: readonly string[],
  stack: string,
): Promise<Map<string, Observed>> {
  const { host } = platform;
  refuseMisledProvider(host);
  try {
    const all = await listContainers(host, platform);
    const wanted = new Set(names);
    const found = new Map<string, Observed>();
    for (const container of all) {
      const name = container.Names.map((each) => each.slice(1)).find((each) => wanted.has(each));
      if (name !== undefined) {
        found.set(name, await observedOf(platform, container, { stack, name }));
      }
    }
    return found;
  } catch (error) {
    throw unreachableHost(host, error);
  }
}

/** Pulumi's docker provider obeys variables of the docker command that our client does not: both must mean one host. */
function refuseMisledProvider(host: string): void {
  const found = misleadingVariables(host, process.env);
  if (found.length > 0) {
    throw new OperationFailure(
      `Pulumi's docker provider would use another Docker host than ${host}. Nothing was touched. ${found.join(" ")}`,
    );
  }
}

async function observedOf(
  platform: DockerHost,
  container: Docker.ContainerInfo,
  workload: { stack: string; name: string },
): Promise<Observed> {
  const image = await referenceOf(platform, container);
  // Not every engine lists none as none.
  const labels = container.Labels ?? {};
  const { Id: id, State: state, Status, Mounts: mounts = [] } = container;
  const managedBy = managingControlPlane(labels);
  const foreign = foreignContainer(workload, { labels, image, state, mounts });
  return {
    id,
    image,
    state,
    serves: state === "running" && !Status.includes("(unhealthy)"),
    ...(managedBy !== undefined && { managedBy }),
    ...(foreign !== undefined && { stranger: describeForeign(workload, foreign) }),
  };
}

/** The list shows the id of an image whose reference is no longer known to the host; the container itself still knows it. */
async function referenceOf(platform: DockerHost, container: Docker.ContainerInfo): Promise<string> {
  const { Id, Image, ImageID } = container;
  if (Image.includes("@")) return Image;
  const docker = dockerClient(platform.host, platform);
  const made = (await inspectContainer(docker, Id))?.Config.Image ?? Image;
  return pinnedReference(docker, made, ImageID);
}
