import type { ContainerInspectInfo } from "dockerode";
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
    ...(managedBy !== undefined && { managedBy }),
  };
}
