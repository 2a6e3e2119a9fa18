import type { ContainerInspectInfo, HostConfig } from "dockerode";
import { managingControlPlane } from "../clawforce/recognise.ts";
import type { Unit } from "../platform.ts";

export function unitOfContainer({
  Id,
  Image,
  Created,
  Config,
  State,
  RestartCount,
  Mounts,
  HostConfig,
}: ContainerInspectInfo): Unit {
  const stopped = !State.Running && !State.Restarting && State.Status !== "created";
  const managedBy = managingControlPlane(Config.Labels ?? {});
  return {
    id: Id,
    image: Config.Image,
    imageId: Image,
    status: State.Status,
    running: State.Running,
    paused: State.Paused,
    health: State.Health?.Status,
    exitCode: State.ExitCode,
    startedAt: State.StartedAt,
    since: State.Status === "created" ? Created : stopped ? State.FinishedAt : State.StartedAt,
    restarts: RestartCount,
    environment: Config.Env ?? [],
    mounts: Mounts.map(({ Type, Name, Source, Destination, RW }) => ({
      from: Type === "volume" ? { volume: Name ?? "" } : { directory: Source },
      at: Destination,
      writable: RW,
    })),
    stopGrace: (Config as { StopTimeout?: number }).StopTimeout,
    restart: restartText(HostConfig.RestartPolicy),
    ...(isEndless(HostConfig.LogConfig) && { endlessLog: true as const }),
    ...(HostConfig.AutoRemove && { temporary: true as const }),
    ...(managedBy !== undefined && { managedBy }),
  };
}

/** Of Docker's own drivers this one alone keeps everything, as long as nobody has given it a size. */
export function isEndless(log: HostConfig["LogConfig"]): boolean {
  return log?.Type === "json-file" && log.Config?.["max-size"] === undefined;
}

type RestartPolicy = NonNullable<HostConfig["RestartPolicy"]>;

/** As `docker run --restart` takes it: `on-failure:3`. */
function restartText(policy: RestartPolicy | undefined): string {
  const { Name, MaximumRetryCount } = policy ?? { Name: "" };
  return `${Name || "no"}${MaximumRetryCount ? `:${MaximumRetryCount}` : ""}`;
}

export function restartPolicyOf(text: string): RestartPolicy {
  const [Name = "no", count] = text.split(":");
  return { Name, ...(count !== undefined && { MaximumRetryCount: Number(count) }) };
}
