import type { PolicyResource, StackValidationArgs, StackValidationPolicy } from "@pulumi/policy";
import type { Violation } from "./judged.ts";
import { unknownCheckingProxy } from "./props.ts";

/** A resource of a stack as a test writes it. */
export interface StackResource {
  type: string;
  name: string;
  props?: object;
  /** Name and type of its parent: `support clawforce:fleet:InstanceGroup`. */
  parent?: string;
  /** Those that it depends on, as `parent` has them. */
  dependsOn?: readonly string[];
  /** Of those, the ones whose values it takes, by the property that takes them. */
  takes?: Readonly<Record<string, readonly string[]>>;
  opts?: Partial<PolicyResource["opts"]>;
}

/** How a resource is named in `parent` and `dependsOn`. */
export function idOf({ type, name }: Pick<StackResource, "type" | "name">): string {
  return `${name} ${type}`;
}

/** The resources as the SDK hands them to a stack policy: behind its own proxy, linked, and in no order. */
export function linked(resources: readonly StackResource[]): PolicyResource[] {
  const byId = new Map(resources.map((each) => [idOf(each), each]));
  const made = new Map<string, PolicyResource>();
  for (const each of resources) {
    made.set(idOf(each), {
      ...{ type: each.type, name: each.name, urn: urnOf(each, byId) },
      props: unknownCheckingProxy(each.props ?? {}),
      opts: { ...noOpts, ...each.opts },
      dependencies: [],
      propertyDependencies: {},
      isType: () => false,
      asType: () => undefined,
    });
  }
  const found = (id: string): PolicyResource => {
    const resource = made.get(id);
    if (resource === undefined) throw new Error(`There is no resource ${id}.`);
    return resource;
  };
  for (const each of resources) {
    const resource = found(idOf(each));
    if (each.parent !== undefined) resource.parent = found(each.parent);
    const takes = Object.entries(each.takes ?? {});
    resource.propertyDependencies = Object.fromEntries(
      takes.map(([property, ids]) => [property, ids.map(found)]),
    );
    // As the engine has it: what a value is taken of is depended on as well.
    resource.dependencies = [...new Set([...(each.dependsOn ?? []), ...takes.flatMap(([, ids]) => ids)])].map(
      found,
    );
  }
  return [...made.values()].toSorted((one, other) => one.name.length - other.name.length);
}

/** What a rule says of a stack, in its order. */
export function judgedStack(
  policy: StackValidationPolicy,
  resources: readonly StackResource[],
  config: object = {},
): Violation[] {
  const violations: Violation[] = [];
  const args = {
    resources: linked(resources),
    stackTags: new Map(),
    getConfig: () => config,
    notApplicable: (reason?: string) => {
      throw new Error(reason);
    },
  } as unknown as StackValidationArgs;
  const returned = policy.validateStack(
    args,
    (reported: string | { message: string; enforcementLevel?: string }) => {
      if (typeof reported === "string") violations.push({ message: reported });
      else violations.push({ message: reported.message, level: reported.enforcementLevel ?? "none" });
    },
  );
  if (returned !== undefined)
    throw new Error(`${policy.name} judges asynchronously: a test would miss what it says.`);
  return violations;
}

function urnOf(resource: StackResource, byId: ReadonlyMap<string, StackResource>): string {
  const types: string[] = [];
  for (let at: StackResource | undefined = resource; at !== undefined; ) {
    types.unshift(at.type);
    at = at.parent === undefined ? undefined : byId.get(at.parent);
  }
  return `urn:pulumi:prod::clawforce::${types.join("$")}::${resource.name}`;
}

const noOpts = {
  protect: false,
  ignoreChanges: [],
  aliases: [],
  customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
  additionalSecretOutputs: [],
} as unknown as PolicyResource["opts"];
