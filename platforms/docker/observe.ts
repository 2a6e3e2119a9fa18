import { createHash } from "node:crypto";
import type Docker from "dockerode";
import type { DockerAccess } from "../../config/docker-access.ts";
import { dockerClient, inspectContainer, unreachableHost } from "./client.ts";
import { listContainers } from "./list.ts";
import { managingControlPlane } from "../clawforce/recognise.ts";

/** What is really there, by container name. */
export interface Observed {
  id: string;
  /** Reference that its container was created with. */
  image: string;
  state: "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead";
  /** Docker's own words: "Up 3 minutes (healthy)". */
  status: string;
  /** The control plane that made it. */
  managedBy?: string;
  labels: Readonly<Record<string, string>>;
  mounts: Docker.ContainerInfo["Mounts"];
}

type DockerHost = DockerAccess & { host: string };

/** One call for a whole host. Throws an OperationFailure of one sentence when the host does not answer. */
export async function observe(
  platform: DockerHost,
  containers: readonly string[],
): Promise<Map<string, Observed>> {
  const { host } = platform;
  try {
    const all = await listContainers(host, platform);
    const wanted = new Set(containers);
    const found = new Map<string, Observed>();
    for (const container of all) {
      const name = container.Names.map((each) => each.slice(1)).find((each) => wanted.has(each));
      if (name !== undefined) {
        const state = container.State as Observed["state"];
        const image = await referenceOf(platform, container);
        // Not every engine lists none as none.
        const labels = container.Labels ?? {};
        const managedBy = managingControlPlane(labels);
        const { Id: id, Status: status, Mounts: mounts = [] } = container;
        const managed = managedBy === undefined ? {} : { managedBy };
        found.set(name, { id, image, state, status, labels, mounts, ...managed });
      }
    }
    return found;
  } catch (error) {
    throw unreachableHost(host, error);
  }
}

/** The list shows the id of an image whose reference is no longer known to the host; the container itself still knows it. */
async function referenceOf(platform: DockerHost, { Id, Image }: Docker.ContainerInfo): Promise<string> {
  return Image.includes("@")
    ? Image
    : ((await inspectContainer(dockerClient(platform.host, platform), Id))?.Config.Image ?? Image);
}

/** Whether it serves as far as the host can say: running, and not unhealthy. */
export function serves(observed: Observed): boolean {
  return observed.state === "running" && !observed.status.includes("(unhealthy)");
}

/** Changes whenever a workload has stopped serving anew, so that it is brought back once for each time. */
export function servingTrigger(
  observed: Observed | undefined,
  journalled: string | undefined,
  last: string,
): string {
  if (observed === undefined || (serves(observed) && journalled === undefined)) {
    return last;
  }
  return createHash("sha256")
    .update(`${observed.id} ${observed.state} ${journalled ?? ""} ${last}`)
    .digest("hex")
    .slice(0, 12);
}
