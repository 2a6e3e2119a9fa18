import { ClawforceControlPlane } from "../clawforce/control-plane.ts";
import type { PlatformKind } from "../kind.ts";
import { DockerPlatform } from "./platform.ts";
import { type DockerSettings, dockerSettings } from "./settings.ts";

export const dockerKind = {
  schema: dockerSettings,
  open: (settings) => new DockerPlatform(settings),
  resources: async (settings) => (await import("./resources.ts")).dockerResources(settings),
  controlPlane: (settings, access, platform) => new ClawforceControlPlane(access, platform, settings),
} satisfies PlatformKind<DockerSettings>;
