import type Docker from "dockerode";
import { messageOf } from "../../failure.ts";
import type { Workload } from "../../../lifecycle/workload.ts";
import { KamalProxy } from "./proxy.ts";
import type { IngressState } from "./services-table.ts";

/** What the ingress does with a workload's requests now, or why that can't be said. */
export type IngressLook = { state: IngressState } | { unknown: string };

/** Asks each ingress once, without waiting for one that is down. By workload; only those behind an ingress. */
export async function lookAtIngress(
  docker: Docker,
  workloads: readonly Workload[],
): Promise<Map<string, IngressLook>> {
  const found = new Map<string, IngressLook>();
  const containers = new Set(workloads.flatMap(({ ingress }) => ingress?.container ?? []));
  for (const container of containers) {
    const behind = workloads.filter(({ ingress }) => ingress?.container === container);
    try {
      const services = await new KamalProxy(docker, container, { patience: 0 }).services();
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
