import type { PolicyResource } from "@pulumi/policy";

/** All resources of a stack, with the questions that rules ask of how they hang together. */
export class StackGraph {
  /** In the order of their URNs: the engine gives them in none. */
  readonly resources: readonly PolicyResource[];
  readonly #byType = new Map<string, PolicyResource[]>();
  readonly #children = new Map<string, PolicyResource[]>();
  readonly #dependents = new Map<string, PolicyResource[]>();
  readonly #after = new Map<string, ReadonlySet<string>>();

  constructor(resources: readonly PolicyResource[]) {
    this.resources = resources.toSorted((one, other) => (one.urn < other.urn ? -1 : 1));
    for (const resource of this.resources) {
      added(this.#byType, resource.type, resource);
      if (resource.parent !== undefined) added(this.#children, resource.parent.urn, resource);
      for (const { urn } of resource.dependencies) added(this.#dependents, urn, resource);
    }
  }

  ofType(...types: readonly string[]): PolicyResource[] {
    return types.flatMap((type) => this.#byType.get(type) ?? []);
  }

  childrenOf({ urn }: PolicyResource, ...types: readonly string[]): PolicyResource[] {
    const children = this.#children.get(urn) ?? [];
    return types.length === 0 ? children : children.filter(({ type }) => types.includes(type));
  }

  /** From the parent upwards. */
  ancestorsOf(resource: PolicyResource): PolicyResource[] {
    const ancestors: PolicyResource[] = [];
    for (let at = resource.parent; at !== undefined && !ancestors.includes(at); at = at.parent)
      ancestors.push(at);
    return ancestors;
  }

  /**
   * URNs of all that comes after a resource: what depends on it, on something after it, or is below such a one. A
   * component's `dependsOn` stands on the component alone, and its children wait for it.
   */
  after({ urn }: PolicyResource): ReadonlySet<string> {
    const known = this.#after.get(urn);
    if (known !== undefined) return known;
    const found = new Set<string>();
    const open = [...(this.#dependents.get(urn) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (found.has(next.urn)) continue;
      found.add(next.urn);
      open.push(...(this.#dependents.get(next.urn) ?? []), ...(this.#children.get(next.urn) ?? []));
    }
    this.#after.set(urn, found);
    return found;
  }
}

function added(index: Map<string, PolicyResource[]>, key: string, resource: PolicyResource): void {
  const before = index.get(key);
  if (before === undefined) index.set(key, [resource]);
  else before.push(resource);
}
