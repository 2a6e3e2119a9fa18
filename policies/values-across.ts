import type { PolicyResource } from "@pulumi/policy";

/** A value that a resource takes of another unit. */
export interface ValueAcross {
  resource: PolicyResource;
  /** The one of its properties that takes it. */
  property: string;
  from: PolicyResource;
  /** What hands it on, from the resource that takes it. */
  through: readonly PolicyResource[];
}

interface Units {
  unitOf(resource: PolicyResource): PolicyResource;
  /** It can be deleted before its successor is made. */
  isGone(resource: PolicyResource): boolean;
}

/**
 * Values that reach a resource from another unit, also by way of others: a command that reads the id of a container
 * hands it on. Of each property the nearest.
 */
export function valuesAcross(resources: readonly PolicyResource[], units: Units): ValueAcross[] {
  const judged = new Set(resources);
  return resources.flatMap((resource) =>
    Object.keys(resource.propertyDependencies)
      .toSorted()
      .flatMap((property) => {
        const found = nearest(resource, property, judged, units);
        return found === undefined ? [] : [{ resource, property, ...found }];
      }),
  );
}

function nearest(
  resource: PolicyResource,
  property: string,
  judged: ReadonlySet<PolicyResource>,
  { unitOf, isGone }: Units,
): { from: PolicyResource; through: readonly PolicyResource[] } | undefined {
  const own = unitOf(resource);
  const seen = new Set([resource.urn]);
  let open = inOrder(resource.propertyDependencies[property] ?? []).map((from) => ({
    from,
    through: [] as PolicyResource[],
  }));
  while (open.length > 0) {
    const next: typeof open = [];
    for (const { from, through } of open) {
      if (seen.has(from.urn)) continue;
      seen.add(from.urn);
      if (unitOf(from) !== own && isGone(from)) return { from, through };
      // What reaches such a one is said of it.
      if (judged.has(from)) continue;
      const further = inOrder(Object.values(from.propertyDependencies).flat());
      next.push(...further.map((each) => ({ from: each, through: [...through, from] })));
    }
    open = next;
  }
  return undefined;
}

function inOrder(resources: readonly PolicyResource[]): PolicyResource[] {
  return resources.toSorted((one, other) => (one.urn < other.urn ? -1 : 1));
}
