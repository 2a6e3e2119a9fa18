import type { Cluster } from "./cluster.ts";
import type { ControllerKind } from "./controller-kind.ts";
import type { ClusterEvent } from "./objects.ts";
import { isForbidden } from "./refusal.ts";

/** None for who may not read them: they only add to what is known. */
async function events(cluster: Cluster, fieldSelector: string): Promise<ClusterEvent[]> {
  try {
    return await cluster.list<ClusterEvent>(cluster.in("v1", "events"), { fieldSelector });
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return [];
  }
}

/** What its node has said of a pod: that its image was there already. */
export async function imageWasThere(cluster: Cluster, pod: string): Promise<boolean> {
  const all = await events(cluster, `involvedObject.name=${pod},reason=Pulled`);
  return all.some(({ message = "" }) => message.includes("already present"));
}

interface Named {
  kind: ControllerKind;
  name: string;
}

/** Why a controller could make no pod since then, as it says: a quota is used up, a webhook refuses it. Undefined: it has not said it. */
export async function whyNoPod(
  cluster: Cluster,
  controller: Named,
  since: Date,
): Promise<string | undefined> {
  return failedCreate(await events(cluster, "reason=FailedCreate"), controller, since);
}

export function failedCreate(
  all: readonly ClusterEvent[],
  controller: Named,
  since: Date,
): string | undefined {
  // It says its times in whole seconds.
  const from = Math.floor(since.getTime() / 1000) * 1000;
  return all
    .filter((event) => isOf(event, controller) && Date.parse(event.lastTimestamp ?? "") >= from)
    .at(-1)
    ?.message?.replace(/\s+/g, " ")
    .trim();
}

/** A Deployment has its pods made by sets of its name. */
function isOf({ involvedObject: { kind, name } = {} }: ClusterEvent, controller: Named): boolean {
  return controller.kind === "Deployment"
    ? kind === "ReplicaSet" && name?.replace(/-[^-]+$/, "") === controller.name
    : kind === controller.kind && name === controller.name;
}
