import type { PlatformSettings } from "../config/platform-kind.ts";
import type { StackConfig } from "../config/schema.ts";
import type { AdoptionSource } from "./adoption.ts";
import type { ApiAccess, ControlPlane } from "./control-plane.ts";
import { OperationFailure } from "./failure.ts";
import type { OpenOptions, PlatformKind } from "./kind.ts";
import { platformKinds } from "./kinds.ts";
import type { Platform } from "./platform.ts";
import { KamalProxy } from "./proxies/kamal/proxy.ts";
import type { IngressProxy } from "./proxy.ts";
import type { PlatformResources } from "./resources.ts";

/** What has a platform: the configuration of a stack, and the input of a program. */
interface Placed {
  platform: PlatformSettings;
}

/** What runs the workloads of a stack. Nothing is asked of it yet. */
export function platformOf({ platform }: Placed, options?: OpenOptions): Platform {
  return kindOf(platform).open(platform, options);
}

/** What the components of a stack declare on it. */
export function resourcesOf({ platform }: Placed): Promise<PlatformResources> {
  return kindOf(platform).resources(platform);
}

/**
 * What runs already where a stack file says that the stack is; undefined where it says that wrong. All else of the file may
 * still be missing.
 */
export function adoptionsIn(platform: unknown = { kind: "docker" }): AdoptionSource | undefined {
  for (const kind of platformKinds) {
    const read = kind.schema.safeParse(platform);
    if (read.success) return kind.adoptions(read.data);
  }
  return undefined;
}

/** The control plane of a stack, which makes instances on its platform. */
export function controlPlaneOf(settings: Placed, access: ApiAccess, platform: Platform): ControlPlane {
  return kindOf(settings.platform).controlPlane(settings.platform, access, platform);
}

/**
 * What stands in front of them; undefined in a stack without an ingress.
 *
 * @param options - patience: seconds that one which is down is waited for; default 15.
 */
export function proxyOf(
  { ingress }: Pick<StackConfig, "ingress">,
  platform: Platform,
  options?: { patience: number },
): IngressProxy | undefined {
  return ingress && new KamalProxy(platform, ingress.name, options);
}

/** The program of a hook may be an older one than what wrote its input. */
function kindOf({ kind }: PlatformSettings): PlatformKind {
  const found = platformKinds.find(({ schema }) => schema.shape.kind.value === kind);
  if (found === undefined) {
    throw new OperationFailure(
      `This version of clawforce-fleet knows no platform of the kind ${kind}. Nothing was touched. ` +
        "Check out the version that last updated this stack, and run the command again.",
    );
  }
  return found;
}
