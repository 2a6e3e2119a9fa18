import type {
  PolicyResource,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationArgs,
  StackValidationPolicy,
} from "@pulumi/policy";
import type { Level } from "../../policies/verdict.ts";
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
  /** Properties of its provider. */
  provider?: object;
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
      ...(each.provider !== undefined && {
        provider: { type: "", name: "", urn: "", props: unknownCheckingProxy(each.provider) },
      }),
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

type Alone = Partial<Pick<ResourceValidationPolicy, "validateResource">>;

/**
 * What a rule says of a stack, in its order: of each resource before its own step, then of all together. Each finding has
 * a name by which the configuration can let it be.
 */
export function judgedStack(
  policy: StackValidationPolicy & Alone,
  resources: readonly StackResource[],
  config: object = {},
): Violation[] {
  const violations = judgedBy(policy, resources, config);
  if (violations.length > 0) {
    const left = judgedBy(policy, resources, { ...config, ...allDisabled(policy) });
    const nameless = left.find(({ message }) => !/ policy config | as a whole: the rule/.test(message));
    if (nameless !== undefined)
      throw new Error(`No level of the configuration is that of: ${nameless.message}`);
  }
  return violations;
}

function judgedBy(
  policy: StackValidationPolicy & Alone,
  resources: readonly StackResource[],
  config: object,
): Violation[] {
  const violations: Violation[] = [];
  const report = (reported: string | { message: string; enforcementLevel?: string }) => {
    if (typeof reported === "string") violations.push({ message: reported });
    else violations.push({ message: reported.message, level: reported.enforcementLevel ?? "none" });
  };
  const all = linked(resources);
  for (const validate of [policy.validateResource ?? []].flat()) {
    for (const { parent, ...resource } of all.toSorted((one, other) => (one.urn < other.urn ? -1 : 1))) {
      const opts = { ...resource.opts, ...(parent !== undefined && { parent: parent.urn }) };
      validate({ ...resource, opts, getConfig: () => config } as unknown as ResourceValidationArgs, report);
    }
  }
  const args = {
    resources: all,
    stackTags: new Map(),
    getConfig: () => config,
    notApplicable: (reason?: string) => {
      throw new Error(reason);
    },
  } as unknown as StackValidationArgs;
  const returned = policy.validateStack(args, report);
  if (returned !== undefined)
    throw new Error(`${policy.name} judges asynchronously: a test would miss what it says.`);
  return violations;
}

/** The configuration that has a rule pass over each of its findings, by the names that its schema has for them. */
export function allDisabled({ configSchema }: Pick<StackValidationPolicy, "configSchema">): {
  levels: Record<string, Level>;
} {
  const kinds = Object.keys(Object(configSchema?.properties.levels)?.properties ?? {});
  return { levels: Object.fromEntries(kinds.map((kind) => [kind, "disabled"])) };
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
