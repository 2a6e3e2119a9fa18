import { rm } from "node:fs/promises";
import type Docker from "dockerode";
import { managingControlPlane } from "../platforms/clawforce/recognise.ts";
import { unlessGone } from "../platforms/docker/client.ts";
import { oneShotLabel, runOneShot } from "../platforms/docker/one-shot.ts";
import { existingGateways, existingLabel, existingNetwork, existingStack } from "./existing-settings.ts";
import {
  controlPlaneName,
  ingressName,
  instances,
  managedInstance,
  modelServerName,
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
  const names: readonly string[] = [controlPlaneName, modelServerName, ...instances];
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

/** The same of the gateways that `--existing` starts and adopts. */
export async function removeFormerExisting(docker: Docker, folder: string, tools: string): Promise<void> {
  const owners = existingGateways.map(({ name }) => name);
  for (const { Id, Labels } of await docker.listContainers({ all: true })) {
    const isOurs =
      Labels["clawforce.stack"] === existingStack ||
      Labels[existingLabel] !== undefined ||
      owners.includes((Labels[oneShotLabel] ?? "").split("/")[0] ?? "");
    if (isOurs) await unlessGone(docker.getContainer(Id).remove({ force: true, v: true }));
  }
  for (const { name, volume } of existingGateways) {
    if (volume !== undefined) await unlessGone(docker.getVolume(volume).remove());
    await unlessGone(docker.getVolume(`clawforce-drill-${existingStack}-${name}`).remove());
  }
  await unlessGone(docker.getNetwork(existingNetwork).remove());
  await removeFolder(docker, folder, tools);
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
      argv: ["rm", "-rf", "/demo/repositories", "/demo/states"],
      binds: [`${folder}:/demo`],
      deadline: 120,
    });
    await rm(folder, { recursive: true, force: true });
  }
}
