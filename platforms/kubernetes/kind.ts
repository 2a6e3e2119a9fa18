import { ClawforceControlPlane } from "../clawforce/control-plane.ts";
import type { PlatformKind } from "../kind.ts";
import { kubernetesAdoptions } from "./adoption-source.ts";
import { KubernetesPlatform } from "./platform.ts";
import { type KubernetesSettings, kubernetesSettings } from "./settings.ts";
import { kubernetesProblems } from "./unsupported.ts";

export const kubernetesKind = {
  schema: kubernetesSettings,
  problems: kubernetesProblems,
  memoryMakesAnew: true,
  open: (settings, options) => new KubernetesPlatform(settings, options),
  resources: async (settings) => (await import("./resources.ts")).kubernetesResources(settings),
  adoptions: (settings) => kubernetesAdoptions(settings),
  controlPlane: (_, access, platform) => new ClawforceControlPlane(access, platform, undefined),
} satisfies PlatformKind<KubernetesSettings>;
