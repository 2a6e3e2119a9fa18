import type { PlatformSettings } from "../config/platform-kind.ts";
import type { Workload } from "./workload.ts";

/** Versions that knew Docker alone named its host like this. Their inputs stand in the state of stacks, and in what is remembered. */
interface OnDockerHost {
  dockerHost?: string;
  /** How it is reached, where more than its address was said. */
  dockerAccess?: object;
}

/** The input of a program as an earlier version may have written it, as this one has it. */
export function withPlatform(written: Workload): Workload {
  const { dockerHost: host, dockerAccess, ...workload } = written as Workload & OnDockerHost;
  if (host === undefined) return written;
  const platform: PlatformSettings = { kind: "docker", ...{ host, ...dockerAccess } };
  return { ...workload, platform };
}
