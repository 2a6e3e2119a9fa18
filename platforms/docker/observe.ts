import type Docker from "dockerode";
import { networkOwner } from "../../config/network-mode.ts";
import { managingControlPlane } from "../clawforce/recognise.ts";
import { OperationFailure } from "../failure.ts";
import type { Observed, WantedLook } from "../platform.ts";
import { type DockerHost, misleadingVariables } from "./access.ts";
import { dockerClient, inspectContainer, unreachableHost } from "./client.ts";
import { describeForeign, foreignContainer, ownWorkload } from "./foreign-container.ts";
import { pinnedReference } from "./known-digest.ts";
import { listContainers } from "./list.ts";

/** One call for a whole host. Throws an OperationFailure of one sentence when the host does not answer. */
export async function observe(
  platform: DockerHost,
  units: readonly WantedLook[],
  stack: string,
): Promise<Map<string, Observed>> {
  const { host } = platform;
  refuseMisledProvider(host);
  try {
    const all = await listContainers(host, platform);
    const workloadOf = new Map(units.map(({ unit, workload }) => [unit, workload]));
    const workloads = new Set(workloadOf.values());
    const found = new Map<string, Observed>();
    for (const container of all) {
      const names = container.Names.map((each) => each.slice(1));
      const unit = names.find((each) => workloadOf.has(each));
      const workload = workloadOf.get(unit ?? "");
      if (unit !== undefined && workload !== undefined) {
        found.set(unit, await observedOf(platform, container, { stack, name: workload, unit }));
        continue;
      }
      const made = ownWorkload(container.Labels ?? {}, stack);
      const [name] = names;
      if (name !== undefined && made !== undefined && workloads.has(made)) {
        found.set(name, await observedOf(platform, container, { stack, name: made, unit: name }));
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
  workload: { stack: string; name: string; unit: string },
): Promise<Observed> {
  const image = await referenceOf(platform, container);
  // Not every engine lists none as none.
  const labels = container.Labels ?? {};
  const { Id: id, State: state, Status, Mounts: mounts = [] } = container;
  const managedBy = managingControlPlane(labels);
  const networkOf = networkOwner(container.HostConfig?.NetworkMode);
  const foreign = foreignContainer(workload, { labels, image, state, mounts });
  return {
    id,
    image,
    state,
    serves: state === "running" && !Status.includes("(unhealthy)"),
    ...(foreign === undefined && { of: workload.name }),
    ...(networkOf !== undefined && { networkOf }),
    ...(managedBy !== undefined && { managedBy }),
    ...(foreign !== undefined && {
      stranger: describeForeign({ stack: workload.stack, name: workload.unit }, foreign),
    }),
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
