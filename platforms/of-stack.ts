import type { DockerAccess } from "../config/docker-access.ts";
import type { StackConfig } from "../config/schema.ts";
import { DockerPlatform } from "./docker/platform.ts";
import type { Platform } from "./platform.ts";
import { KamalProxy } from "./proxies/kamal/proxy.ts";
import type { IngressProxy } from "./proxy.ts";

/** What runs the workloads of a stack. Nothing is asked of it yet. */
export function platformOf({ platform }: Pick<StackConfig, "platform">): Platform {
  const { host, answer, ssh, tls } = platform;
  const dockerAccess: DockerAccess = {
    ...(answer !== undefined && { answer }),
    ...(ssh !== undefined && { ssh }),
    ...(tls !== undefined && { tls }),
  };
  return new DockerPlatform({ dockerHost: host, dockerAccess });
}

/** What stands in front of them; undefined in a stack without an ingress. */
export function proxyOf(
  { ingress }: Pick<StackConfig, "ingress">,
  platform: Platform,
): IngressProxy | undefined {
  return ingress && new KamalProxy(platform, ingress.name);
}
