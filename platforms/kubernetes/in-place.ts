import type { Cluster } from "./cluster.ts";
import { type FoundUnit, pathOf } from "./found-unit.ts";
import { exitAnnotation, standsAnnotation, startAnnotation, workloadLabel } from "./labels.ts";
import { patchMetadata } from "./patch-metadata.ts";
import { unlessGone } from "./refusal.ts";

/*
 * The provider changes the controller of a unit in its place, at no replicas. Whether there is a unit is no matter of that
 * object then: `make` writes down that there is one, and `remove` takes it out again.
 */

/**
 * A controller that is wanted at no replicas, has no pod, and that nobody has made a unit of counts as nothing. One of
 * somebody else's is what it is, and so is the proxy's, which is of no workload.
 */
export function isThere({ controller, pods }: FoundUnit): boolean {
  const { metadata, spec } = controller;
  if (metadata.labels?.[workloadLabel] === undefined) return true;
  return spec.replicas !== 0 || pods.length > 0 || metadata.annotations?.[standsAnnotation] !== undefined;
}

/** What is written down of a unit, on its controller and not on its pod: nothing starts anew by it. Null takes it out. */
export async function note(
  cluster: Cluster,
  { kind, controller }: FoundUnit,
  annotations: Record<string, string | null>,
): Promise<void> {
  await unlessGone(patchMetadata(cluster, pathOf(cluster, kind, controller.metadata.name), { annotations }));
}

/** With what it was started for: see `refuseWithoutStart`. */
export function asMade({
  controller: { metadata },
}: Pick<FoundUnit, "controller">): Record<string, string | null> {
  return { [standsAnnotation]: metadata.annotations?.[startAnnotation] ?? "true", [exitAnnotation]: null };
}

export const asRemoved = { [standsAnnotation]: null, [exitAnnotation]: null };
