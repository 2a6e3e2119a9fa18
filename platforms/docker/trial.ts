import type Docker from "dockerode";
import type { ContainerCreateOptions, ContainerInspectInfo, MountSettings } from "dockerode";
import { type StartSettings, type Trial, TrialFailed } from "../platform.ts";
import { describeDockerError, inspectContainer, isNotFound } from "./client.ts";
import { waitHealthy } from "./lifecycle.ts";
import { collectLogs } from "./logs.ts";
import { oneShotLabel } from "./one-shot.ts";

/** Lines of what it said that are worth a look. */
const lastLines = 5;

export async function makeScratch(docker: Docker, name: string, workload: string): Promise<void> {
  await docker.createVolume({ Name: name, Labels: labelsOf(workload) });
}

/** Starts it on the volume of its own name, and returns once it is healthy. */
export async function runTrial(docker: Docker, trial: Trial): Promise<void> {
  const { name, workload, image, like, environment, mount, deadline } = trial;
  const served = await inspectContainer(docker, like.unit);
  const start = served === undefined ? startBy(like.otherwise) : startOf(served);
  const limits = limitsOf(trial.limits, start.memory);
  // What belongs to its state has a copy here; everything else of the host can be read and not written.
  const Mounts = start.mounts.filter(({ Target }) => Target !== mount);
  const container = await docker.createContainer({
    name,
    Image: image,
    ...start.options,
    Env: withOverrides(start.environment, environment),
    Labels: labelsOf(workload),
    HostConfig: { Binds: [`${name}:${mount}`], Mounts, NetworkMode: "none", Init: true, ...limits },
  });
  await container.start();
  try {
    await waitHealthy(docker, name, deadline);
  } catch (error) {
    const said = (await collectLogs(docker, name)).trim().split("\n").slice(-lastLines);
    const exhausted = (await inspectContainer(docker, name))?.State.OOMKilled === true;
    throw new TrialFailed(describeDockerError(error), {
      said,
      outOfMemory: exhausted ? limits.Memory : undefined,
    });
  }
}

export async function removeTrial(docker: Docker, name: string): Promise<void> {
  for (const remove of [
    () => docker.getContainer(name).remove({ force: true, v: true }),
    () => docker.getVolume(name).remove({ force: true }),
  ]) {
    try {
      await remove();
    } catch (error) {
      if (!isNotFound(error)) {
        throw error;
      }
    }
  }
}

function labelsOf(workload: string): Record<string, string> {
  return { [oneShotLabel]: workload, "clawforce.purpose": "drill" };
}

interface Start {
  options: Pick<ContainerCreateOptions, "Entrypoint" | "Cmd" | "User" | "WorkingDir" | "Healthcheck">;
  mounts: MountSettings[];
  environment: string[];
  /** Bytes; 0 when the container has no limit. */
  memory: number;
}

/** As the container that serves was started. */
function startOf({ Config, HostConfig }: ContainerInspectInfo): Start {
  return {
    options: {
      ...(Config.Entrypoint && { Entrypoint: Config.Entrypoint }),
      ...(Config.Cmd && { Cmd: Config.Cmd }),
      ...(Config.WorkingDir && { WorkingDir: Config.WorkingDir }),
      ...(Config.User && { User: Config.User }),
      ...(Config.Healthcheck && { Healthcheck: Config.Healthcheck }),
    },
    mounts: (HostConfig.Mounts ?? []).map((each) => readOnlyOf(each)),
    environment: Config.Env,
    memory: HostConfig.Memory ?? 0,
  };
}

function startBy(settings: StartSettings): Start {
  const {
    entrypoint,
    command,
    user,
    workingDirectory,
    mounts = [],
    environment,
    memory = 0,
    health,
  } = settings;
  const nanoseconds = (seconds: number) => Math.round(seconds) * 1e9;
  return {
    options: {
      ...(entrypoint && { Entrypoint: entrypoint }),
      ...(command && { Cmd: command }),
      ...(workingDirectory !== undefined && { WorkingDir: workingDirectory }),
      ...(user && { User: user }),
      Healthcheck: {
        Test: ["CMD", ...health.command],
        Interval: nanoseconds(health.interval),
        Timeout: nanoseconds(health.timeout),
        StartPeriod: nanoseconds(health.startPeriod),
        Retries: health.retries,
      },
    },
    mounts: mounts.map((each) =>
      each.kind === "tmpfs"
        ? {
            ...{ Type: "tmpfs", Target: each.target, Source: "" },
            ...(each.size !== undefined && { TmpfsOptions: { SizeBytes: each.size, Mode: 0o1777 } }),
          }
        : { Type: each.kind, Source: each.source, Target: each.target, ReadOnly: true },
    ),
    environment: entriesOf(environment),
    memory,
  };
}

/** A trial beside the gateway that serves must change nothing of what both can see. */
function readOnlyOf(mount: MountSettings): MountSettings {
  return mount.Type === "tmpfs" ? mount : { ...mount, ReadOnly: true };
}

/** So that a trial that goes wrong takes nothing from those that serve. Memory without swap: that would slow all of them. */
function limitsOf({ memory: least, cpus, processes }: Trial["limits"], own: number) {
  const memory = Math.max(least, own);
  return { Memory: memory, MemorySwap: memory, NanoCpus: Math.round(cpus * 1e9), PidsLimit: processes };
}

function withOverrides(served: string[], overrides: Record<string, string>): string[] {
  const kept = served.filter((entry) => !(entry.slice(0, entry.indexOf("=")) in overrides));
  return [...kept, ...entriesOf(overrides)];
}

function entriesOf(environment: Record<string, string>): string[] {
  return Object.entries(environment).map(([key, value]) => `${key}=${value}`);
}
