import { messageOf } from "../../failure.ts";
import type { Platform } from "../../platform.ts";
import type { IngressLook } from "../../proxy.ts";
import { KamalProxy } from "./proxy.ts";

/** Asks each ingress once, without waiting for one that is down. By workload; only those behind an ingress. */
export async function lookAtIngress(
  platform: Platform,
  workloads: readonly { name: string; ingress?: { container: string } }[],
): Promise<Map<string, IngressLook>> {
  const found = new Map<string, IngressLook>();
  const containers = new Set(workloads.flatMap(({ ingress }) => ingress?.container ?? []));
  for (const container of containers) {
    const behind = workloads.filter(({ ingress }) => ingress?.container === container);
    try {
      const services = await new KamalProxy(platform, container, { patience: 0 }).services();
      for (const { name } of behind) {
        found.set(name, { state: services.get(name)?.state ?? "absent" });
      }
    } catch (error) {
      for (const { name } of behind) {
        found.set(name, { unknown: messageOf(error) });
      }
    }
  }
  return found;
}
