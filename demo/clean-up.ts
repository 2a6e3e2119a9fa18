import { rm } from "node:fs/promises";
import type Docker from "dockerode";
import { managingControlPlane } from "../platforms/clawforce/recognise.ts";
import { isNotFound } from "../platforms/docker/client.ts";
import { oneShotLabel, runOneShot } from "../platforms/docker/one-shot.ts";
import {
  controlPlaneName,
  ingressName,
  instances,
  managedInstance,
  networkName,
  stackName,
  volumeName,
} from "./settings.ts";

/**
 * Removes what a former demo has left: containers by its stack's label and by name, volumes and network by name, its
 * folder. Nothing else on the host is touched.
 *
 * @param tools image for removing what the snapshots' containers have written as root.
 */
export async function removeFormerDemo(docker: Docker, folder: string, tools: string): Promise<number> {
  const names: readonly string[] = [controlPlaneName, ...instances];
  const containers = (await docker.listContainers({ all: true })).filter(
    ({ Labels, Names }) =>
      Labels["clawforce.stack"] === stackName ||
      (managingControlPlane(Labels) !== undefined && Names.includes(`/${managedInstance}`)) ||
      names.includes((Labels[oneShotLabel] ?? "").split("/")[0] ?? ""),
  );
  for (const { Id } of containers) {
    await unlessGone(docker.getContainer(Id).remove({ force: true, v: true }));
  }
  const volumes = [
    ...names.flatMap((name) => [volumeName(name), `clawforce-drill-${stackName}-${name}`]),
    `${ingressName}-state`,
    `${stackName}-${managedInstance}-home`,
  ];
  for (const volume of volumes) {
    await unlessGone(docker.getVolume(volume).remove());
  }
  await unlessGone(docker.getNetwork(networkName).remove());
  await removeFolder(docker, folder, tools);
  return containers.length;
}

/** The repositories belong to root, because the snapshots' containers run as root; whoever runs the demo may not be. */
async function removeFolder(docker: Docker, folder: string, tools: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EACCES") {
      throw error;
    }
    await runOneShot(docker, {
      workload: "demo",
      purpose: "removal of the former demo's snapshots",
      image: tools,
      argv: ["rm", "-rf", "/demo/repositories"],
      binds: [`${folder}:/demo`],
      deadline: 120,
    });
    await rm(folder, { recursive: true, force: true });
  }
}

async function unlessGone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!isNotFound(error)) {
      throw error;
    }
  }
}
