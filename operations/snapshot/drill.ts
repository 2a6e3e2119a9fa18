import type { DrillEntry } from "../../evidence/records.ts";
import { proveRestoredAccount, proveRestoredDatabase } from "../control-plane/drill.ts";
import { describeDockerError } from "../docker/client.ts";
import { waitHealthy } from "../docker/lifecycle.ts";
import { collectLogs } from "../docker/logs.ts";
import { oneShotLabel } from "../docker/one-shot.ts";
import { OperationFailure } from "../failure.ts";
import { acquireMutex } from "../mutex.ts";
import { secondsSince } from "../step.ts";
import type { WorkloadContext } from "../workload.ts";
import { runScript } from "./repository.ts";

/**
 * Proves that a snapshot starts: restores it to a volume of its own, and starts the image that wrote it on that, without
 * a network and without channels, until it is healthy. A control plane has to show its database and let our account in as
 * well, because it comes up healthy on nothing. One at a time on this machine: a gateway takes over 500 MB.
 */
export async function drillSnapshot(
  context: WorkloadContext,
  snapshot: string,
  image: string,
): Promise<DrillEntry> {
  const { workload, docker, log } = context;
  const began = performance.now();
  const mutex = await acquireMutex(`${log.folder}/../drill.lock`, `drill of ${workload.name}`, 900);
  const scratch = `clawforce-drill-${workload.stack}-${workload.name}`;
  const labels = { [oneShotLabel]: workload.name, "clawforce.purpose": "drill" };
  try {
    await removeDrill(context, scratch);
    await docker.createVolume({ Name: scratch, Labels: labels });
    await runScript(context, {
      script: "restore-to-scratch",
      purpose: "restore of the drill",
      state: "none",
      scratchVolume: scratch,
      arguments: [snapshot],
    });
    const isControlPlane = workload.track === "control-plane";
    const shown = isControlPlane ? await proveRestoredDatabase(context, snapshot, scratch) : undefined;
    const served = await docker.getContainer(workload.container).inspect();
    const container = await docker.createContainer({
      name: scratch,
      Image: image,
      ...(served.Config.Cmd && { Cmd: served.Config.Cmd }),
      ...(served.Config.User && { User: served.Config.User }),
      ...(served.Config.Healthcheck && { Healthcheck: served.Config.Healthcheck }),
      Env: drillEnvironment(served.Config.Env, workload.snapshots.drill.environment),
      Labels: labels,
      HostConfig: { Binds: [`${scratch}:${workload.mount}`], NetworkMode: "none", Init: true },
    });
    await container.start();
    try {
      await waitHealthy(docker, scratch, workload.snapshots.drill.deadline);
    } catch (error) {
      const said = (await collectLogs(docker, scratch)).trim().split("\n").slice(-5).join(" | ");
      throw new OperationFailure(
        `snapshot ${snapshot.slice(0, 8)} does not start on ${image}: ${describeDockerError(error)}\n` +
          `  Its last lines: ${said}\n` +
          "  A snapshot that does not start is no way back: nothing was stopped. Find out why before the update.",
      );
    }
    if (isControlPlane) {
      await proveRestoredAccount(context, snapshot, scratch);
    }
    return { kind: "drill", snapshot, image, seconds: secondsSince(began), ...shown };
  } finally {
    await removeDrill(context, scratch);
    await mutex.release();
  }
}

export function describeDrill({ snapshot, users }: DrillEntry): string {
  const shown = users === undefined ? "" : `; its database has ${users} users, and our account logs in`;
  return `snapshot ${snapshot.slice(0, 8)} starts and becomes healthy${shown}`;
}

async function removeDrill(context: WorkloadContext, scratch: string): Promise<void> {
  for (const remove of [
    () => context.docker.getContainer(scratch).remove({ force: true, v: true }),
    () => context.docker.getVolume(scratch).remove({ force: true }),
  ]) {
    try {
      await remove();
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode !== 404) {
        throw error;
      }
    }
  }
}

function drillEnvironment(served: string[], overrides: Record<string, string>): string[] {
  const kept = served.filter((entry) => !(entry.slice(0, entry.indexOf("=")) in overrides));
  return [...kept, ...Object.entries(overrides).map(([key, value]) => `${key}=${value}`)];
}
