import type { PlatformDeclaration, PlatformSettings } from "../config/platform-kind.ts";
import type { AdoptionSource } from "./adoption.ts";
import type { ApiAccess, ControlPlane } from "./control-plane.ts";
import type { Platform } from "./platform.ts";
import type { PlatformResources } from "./resources.ts";

export interface OpenOptions {
  /** Whoever starts this program has its answers already: where none comes now, that is an outage, and waited for. */
  answers?: boolean;
}

/** A kind of platform: what stands under `platform` in a stack file, and what is made of it. One file in its folder says it. */
export interface PlatformKind<Settings extends PlatformSettings = PlatformSettings>
  extends PlatformDeclaration {
  /** What runs the workloads. Nothing is asked of it yet. */
  open(settings: Settings, options?: OpenOptions): Platform;
  /** What the components declare on it. Loaded when it is first needed: the programs of hooks get by without. */
  resources(settings: Settings): Promise<PlatformResources>;
  /** What runs there already, and could be taken over. */
  adoptions(settings: Settings): AdoptionSource;
  /** A control plane that makes instances on it. */
  controlPlane(settings: Settings, access: ApiAccess, platform: Platform): ControlPlane;
}
