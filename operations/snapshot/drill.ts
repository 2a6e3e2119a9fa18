import { randomUUID } from "node:crypto";
import type { ContainerCreateOptions, ContainerInspectInfo } from "dockerode";
import { formatBytes } from "../../config/units.ts";
import type { DrillEntry } from "../../evidence/records.ts";
import { proveRestoredAccount, proveRestoredDatabase } from "../control-plane/drill.ts";
import { describeDockerError, inspectContainer } from "../docker/client.ts";
import { withHostLock } from "../docker/host-lock.ts";
import { waitHealthy } from "../docker/lifecycle.ts";
import { collectLogs } from "../docker/logs.ts";
import { oneShotLabel } from "../docker/one-shot.ts";
import { OperationFailure } from "../failure.ts";
import { secondsSince } from "../step.ts";
import type { Workload, WorkloadContext } from "../workload.ts";
import { runScript } from "./repository.ts";

/** Threads and processes of a drilled workload: a gateway with its channels has under 100. */
const processLimit = 1024;

/**
 * Proves that a snapshot starts: restores it to a volume of its own, and starts the image that wrote it on that, without
 * a network and without channels, until it is healthy. A control plane has to show its database and let our account in as
 * well, because it comes up healthy on nothing. One at a time on a Docker host: a gateway takes over 500 MB.
 */
export function drillSnapshot(
  context: WorkloadContext,
  snapshot: string,
  image: string,
): Promise<DrillEntry> {
  const { workload, docker, progress } = context;
  const purpose = `drill of ${workload.name}`;
  const lock = {
    kind: "drill" as const,
    of: "",
    purpose,
    image: workload.snapshots.image,
    wait: 900,
    progress,
  };
  return withHostLock(docker, lock, () => drill(context, snapshot, image));
}

async function drill(context: WorkloadContext, snapshot: string, image: string): Promise<DrillEntry> {
  const { workload, docker } = context;
  const began = performance.now();
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
    const served = await inspectContainer(docker, workload.container);
    const start =
      served === undefined ? configuredStart(workload, context.secrets.gatewayToken) : startOf(served);
    const limits = limitsOf(workload, start.memory);
    const container = await docker.createContainer({
      name: scratch,
      Image: image,
      ...start.options,
      Env: drillEnvironment(start.environment, workload.snapshots.drill.environment),
      Labels: labels,
      HostConfig: { Binds: [`${scratch}:${workload.mount}`], NetworkMode: "none", Init: true, ...limits },
    });
    await container.start();
    try {
      await waitHealthy(docker, scratch, workload.snapshots.drill.deadline);
    } catch (error) {
      throw await drillFailure(context, { snapshot, image, scratch, memory: limits.Memory, error });
    }
    if (isControlPlane) {
      await proveRestoredAccount(context, snapshot, scratch);
    }
    return { kind: "drill", snapshot, image, seconds: secondsSince(began), ...shown };
  } finally {
    await removeDrill(context, scratch);
  }
}

export function describeDrill({ snapshot, users }: DrillEntry): string {
  const shown = users === undefined ? "" : `; its database has ${users} users, and our account logs in`;
  return `snapshot ${snapshot.slice(0, 8)} starts and becomes healthy${shown}`;
}

interface DrillStart {
  options: Pick<ContainerCreateOptions, "Cmd" | "User" | "Healthcheck">;
  environment: string[];
  /** Bytes; 0 when the container has no limit. */
  memory: number;
}

/** As the container that serves was started. */
function startOf({ Config, HostConfig }: ContainerInspectInfo): DrillStart {
  return {
    options: {
      ...(Config.Cmd && { Cmd: Config.Cmd }),
      ...(Config.User && { User: Config.User }),
      ...(Config.Healthcheck && { Healthcheck: Config.Healthcheck }),
    },
    environment: Config.Env,
    memory: HostConfig.Memory ?? 0,
  };
}

/** As the configuration wants the container that is not there yet. Without a token at hand any will do for a gateway. */
function configuredStart(
  { startedWith, tokenVariable }: Pick<Workload, "startedWith" | "tokenVariable">,
  token: string,
): DrillStart {
  const { command, user, environment, memory, health } = startedWith;
  const nanoseconds = (seconds: number) => Math.round(seconds) * 1e9;
  return {
    options: {
      ...(command && { Cmd: command }),
      ...(user && { User: user }),
      Healthcheck: {
        Test: ["CMD", ...health.command],
        Interval: nanoseconds(health.interval),
        Timeout: nanoseconds(health.timeout),
        StartPeriod: nanoseconds(health.startPeriod),
        Retries: health.retries,
      },
    },
    environment: [
      ...Object.entries(environment).map(([key, value]) => `${key}=${value}`),
      ...(tokenVariable === undefined ? [] : [`${tokenVariable}=${token || randomUUID()}`]),
    ],
    memory: memory ?? 0,
  };
}

/** So that a drill that goes wrong takes nothing from those that serve. Memory without swap: that would slow all of them. */
function limitsOf({ snapshots: { drill: settings } }: Pick<Workload, "snapshots">, own: number) {
  const memory = Math.max(settings.memory, own);
  return {
    Memory: memory,
    MemorySwap: memory,
    NanoCpus: Math.round(settings.cpus * 1e9),
    PidsLimit: processLimit,
  };
}

interface FailedDrill {
  snapshot: string;
  image: string;
  scratch: string;
  /** Bytes that it was allowed. */
  memory: number;
  error: unknown;
}

async function drillFailure(
  { docker }: WorkloadContext,
  { snapshot, image, scratch, memory, error }: FailedDrill,
): Promise<OperationFailure> {
  const said = (await collectLogs(docker, scratch)).trim().split("\n").slice(-5).join(" | ");
  const exhausted = (await inspectContainer(docker, scratch))?.State.OOMKilled === true;
  const why = exhausted
    ? `it ran out of the ${formatBytes(memory)} of memory that a drill has (clawforce:snapshots.drill.memory, or the container's own). ` +
      "Raise it to what the gateway needs at its start"
    : describeDockerError(error);
  return new OperationFailure(
    `snapshot ${snapshot.slice(0, 8)} does not start on ${image}: ${why}\n` +
      `  Its last lines: ${said}\n` +
      "  A snapshot that does not start is no way back: nothing was stopped. Find out why before the update.",
  );
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
