import type { ContainerCreateOptions, ContainerInspectInfo, MountSettings } from "dockerode";
import { splitVariable } from "../../config/variable.ts";
import type { StartSettings, TrialLimits } from "../platform.ts";

/** How a container is started that is like a workload's own, and is none. */
export interface Start {
  options: Pick<ContainerCreateOptions, "Entrypoint" | "Cmd" | "User" | "WorkingDir" | "Healthcheck">;
  mounts: MountSettings[];
  environment: string[];
  /** Bytes; 0 when the container has no limit. */
  memory: number;
}

/** As the container that serves was started. */
export function startOf({ Config, HostConfig }: ContainerInspectInfo): Start {
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

export function startBy(settings: StartSettings): Start {
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
export function limitsOf({ memory: least, cpus, processes }: TrialLimits, own: number) {
  const memory = Math.max(least, own);
  return { Memory: memory, MemorySwap: memory, NanoCpus: Math.round(cpus * 1e9), PidsLimit: processes };
}

export function withOverrides(served: string[], overrides: Record<string, string>): string[] {
  const kept = served.filter((entry) => !(splitVariable(entry)[0] in overrides));
  return [...kept, ...entriesOf(overrides)];
}

function entriesOf(environment: Record<string, string>): string[] {
  return Object.entries(environment).map(([key, value]) => `${key}=${value}`);
}
