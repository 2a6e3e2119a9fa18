import { ComponentResource, CustomResource, type Resource } from "@pulumi/pulumi";
import { fleetStack, image } from "../test/policy/fleet-stack.ts";
import { unknownText } from "../test/policy/props.ts";
import { idOf, type StackResource } from "../test/policy/stack.ts";

/**
 * The program of `npm run bench:policies`: a fleet as ours makes it, seven resources for each workload, of types that a
 * preview makes without asking anybody. It has `count` resources, its stack not counted.
 */
export function build(count: number): void {
  const made = new Map<string, Resource>();
  for (const resource of resourcesOf(count)) {
    if (resource.type === "pulumi:pulumi:Stack") continue;
    made.set(idOf(resource), makeResource(resource, made));
  }
}

const perWorkload = 7;
/** The fleet, its group, and its agent image with one reference. */
const shared = 4;

function resourcesOf(count: number): StackResource[] {
  const workloads = Math.floor((count - shared) / perWorkload);
  const names = Array.from({ length: Math.max(0, workloads) }, (_, index) => `agent-${index}`);
  const resources = fleetStack({
    workloads: names.map((name, index) => ({
      name,
      group: "support",
      image: image("a"),
      from: "",
      ...(index === 0 ? { role: "canary", wave: 0 } : { wave: 1 }),
    })),
    groups: { support: { wave: 1 } },
    agentImages: { agent: { stable: image("a") } },
  });
  const missing = Math.max(0, count - (resources.length - 1));
  const networks = Array.from({ length: missing }, (_, index) => ({
    type: "docker:index/network:Network",
    name: `network-${index}`,
    props: { name: `bench-network-${index}` },
  }));
  return [...resources, ...networks];
}

function makeResource(resource: StackResource, made: ReadonlyMap<string, Resource>): Resource {
  const found = (id: string): Resource[] => {
    const one = made.get(id);
    return one === undefined ? [] : [one];
  };
  const { type, name, parent, opts = {}, dependsOn = [] } = resource;
  const options = {
    ...{ protect: opts.protect === true, ignoreChanges: opts.ignoreChanges ?? [] },
    dependsOn: dependsOn.flatMap(found),
    ...(parent !== undefined && found(parent)[0] !== undefined && { parent: found(parent)[0] as Resource }),
  };
  if (type.startsWith("clawforce:")) return new Component(type, name, resource.props ?? {}, options);
  const inputs = inputsOf(resource.props ?? {});
  const taken = Object.entries(resource.takes ?? {}).map(([key, ids]) => [
    key,
    ids.flatMap(found).map(idOfMade),
  ]);
  return new Custom(
    type,
    name,
    { ...inputs, ...Object.fromEntries(taken) },
    {
      ...options,
      version: type.startsWith("docker:") ? "5.2.0" : "1.2.1",
      deleteBeforeReplace: opts.deleteBeforeReplace === true,
    },
  );
}

function idOfMade(resource: Resource): unknown {
  return (resource as CustomResource).id;
}

/** What a program gives of it: a preview shows what is computed and what is absent too. */
function inputsOf(props: object): Record<string, unknown> {
  const isInput = (key: string, value: unknown) => !["id", "stdout"].includes(key) && value !== "";
  return JSON.parse(JSON.stringify(props, (key, value) => (isInput(key, value) ? value : undefined)));
}

/** Says of itself what a component of ours says: a judge sees its outputs. */
class Component extends ComponentResource {
  constructor(type: string, name: string, outputs: object, options: object) {
    super(type, name, {}, options);
    const known = Object.entries(outputs).filter(([, value]) => value !== unknownText);
    this.registerOutputs(Object.fromEntries(known));
  }
}

class Custom extends CustomResource {}
