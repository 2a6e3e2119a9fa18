import { ClawforceControlPlane } from "../clawforce/control-plane.ts";
import type { PlatformKind } from "../kind.ts";
import { dockerAdoptions } from "./adoption-source.ts";
import { DockerPlatform } from "./platform.ts";
import { type DockerSettings, dockerSettings } from "./settings.ts";
import { dockerProblems } from "./unsupported.ts";

export const dockerKind = {
  schema: dockerSettings,
  problems: dockerProblems,
  open: (settings) => new DockerPlatform(settings),
  resources: async (settings) => (await import("./resources.ts")).dockerResources(settings),
  adoptions: (settings) => dockerAdoptions(settings),
  controlPlane: (settings, access, platform) => new ClawforceControlPlane(access, platform, settings),
} satisfies PlatformKind<DockerSettings>;
