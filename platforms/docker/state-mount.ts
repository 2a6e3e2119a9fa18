import type Docker from "dockerode";
import type { StateLocation } from "../../config/rollout.ts";

/** Fails where a folder is missing; a volume keeps what it has, and gets nothing of the image. */
export function mountOf(location: StateLocation, target: string, readOnly = true): Docker.MountSettings {
  return "volume" in location
    ? {
        Type: "volume",
        Source: location.volume,
        Target: target,
        ReadOnly: readOnly,
        VolumeOptions: { NoCopy: true, Labels: {}, DriverConfig: { Name: "", Options: {} } },
      }
    : { Type: "bind", Source: location.directory, Target: target, ReadOnly: readOnly };
}
