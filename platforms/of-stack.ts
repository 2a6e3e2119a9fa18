import type { StackConfig } from "../config/schema.ts";
import { DockerPlatform } from "./docker/platform.ts";
import { dockerResources } from "./docker/resources.ts";
import type { Platform } from "./platform.ts";
import { KamalProxy } from "./proxies/kamal/proxy.ts";
import type { IngressProxy } from "./proxy.ts";
import type { PlatformResources } from "./resources.ts";

/** What runs the workloads of a stack. Nothing is asked of it yet. */
export function platformOf({ platform }: Pick<StackConfig, "platform">): Platform {
  return new DockerPlatform({ dockerHost: platform.host, dockerAccess: platform });
}

/** What the components of a stack declare on it. */
export function resourcesOf({ platform }: Pick<StackConfig, "platform">): PlatformResources {
  return dockerResources(platform);
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
