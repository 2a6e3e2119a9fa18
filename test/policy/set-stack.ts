import type { StackValidationPolicy } from "@pulumi/policy";
import { commandType, containerType, fleetTypes } from "../../policies/fleet-facts.ts";
import { rules } from "../../policies/rules.ts";
import { setType } from "../../policies/unit-set.ts";
import { changed, fleetStack, image, type StackFleet, type StackWorkload, triggerOf } from "./fleet-stack.ts";
import { judgedStack, type StackResource } from "./stack.ts";

const deploymentType = "kubernetes:apps/v1:Deployment";
const volumeType = "docker:index/volume:Volume";
const claimType = "kubernetes:core/v1:PersistentVolumeClaim";
const kept = "docker:index/remoteImage:RemoteImage";

export const set = (name: string) => `${name} ${setType}`;
export const deploymentOf = (name: string) => `${name} ${deploymentType}`;
export const start = (name: string) => `${name} ${commandType}`;

/** The same fleet as the program makes it on Kubernetes: sets, and the commands that start them. */
export function fleetOfSets(fleet: StackFleet): StackResource[] {
  const from = new Map(fleet.workloads.map((each) => [each.name, each.from ?? each.image]));
  return fleetStack(fleet)
    .filter(({ type }) => type !== kept)
    .flatMap((each) => inCluster(each, from));
}

function inCluster(resource: StackResource, from: ReadonlyMap<string, string>): StackResource[] {
  const { type, name } = resource;
  if (type === containerType) return [setOf(resource), startOf(resource)];
  if (type === volumeType)
    return [{ ...claimOf(resource), dependsOn: (resource.dependsOn ?? []).map(waitsFor) }];
  const takes = Object.entries(resource.takes ?? {});
  return [
    {
      ...resource,
      ...(type === fleetTypes.workload && { props: foundAs(resource, from.get(name) ?? "") }),
      dependsOn: (resource.dependsOn ?? []).map(waitsFor),
      ...(takes.length > 0 && {
        takes: Object.fromEntries(takes.map(([key, ids]) => [key, ids.map(waitsFor)])),
      }),
    },
  ];
}

/** What follows a container follows its start. */
function waitsFor(id: string): string {
  return id.replace(` ${containerType}`, ` ${commandType}`).replace(` ${volumeType}`, ` ${claimType}`);
}

function foundAs({ props }: StackResource, from: string): object {
  const { judged } = props as { judged: { container: string } };
  const container = judged.container === "" ? "" : `1b671a64-40d5/${triggerOf({ image: from })}`;
  return { ...props, judged: { ...judged, container } };
}

function setOf({ name, parent, props, dependsOn = [] }: StackResource): StackResource {
  const { image } = props as { image: string };
  const labels = { "clawforce.io/stack": "prod", "clawforce.io/workload": name };
  return {
    ...{ type: setType, name, ...(parent !== undefined && { parent }) },
    props: {
      id: `agents/${name}`,
      metadata: { name, labels },
      spec: {
        ...{ replicas: 0, serviceName: name, selector: { matchLabels: labels } },
        template: {
          metadata: { labels, annotations: { "clawforce.io/made": triggerOf({ image }) } },
          spec: {
            terminationGracePeriodSeconds: 30,
            containers: [{ name: "workload", image, volumeMounts: [{ name: "state", mountPath: "/state" }] }],
            volumes: [{ name: "state", persistentVolumeClaim: { claimName: `${name}-state` } }],
          },
        },
      },
    },
    opts: { deleteBeforeReplace: true, ignoreChanges: ["spec.replicas"] },
    dependsOn: dependsOn.map(waitsFor),
  };
}

function startOf({ name, parent, props }: StackResource): StackResource {
  const { id, image } = props as { id: string; image: string };
  return {
    ...{ type: commandType, name, ...(parent !== undefined && { parent }) },
    props: {
      ...{ create: "operations/make.ts", interpreter: ["node"], update: "operations/keep-result.ts" },
      stdin: JSON.stringify({ workload: { name, image } }),
      environment: { CLAWFORCE_WORKLOAD_OF: `prod/${name}` },
      triggers: [],
      stdout: id.startsWith("id-of-") ? "{}" : id,
    },
    dependsOn: [set(name)],
    opts: { deleteBeforeReplace: true },
  };
}

function claimOf({ name, parent }: StackResource): StackResource {
  return {
    ...{ type: claimType, name, ...(parent !== undefined && { parent }) },
    props: {
      metadata: { name, labels: { "clawforce.io/stack": "prod" } },
      spec: { accessModes: ["ReadWriteOnce"] },
    },
    opts: { protect: true },
  };
}

/** A set with something below a path of its properties changed; undefined takes it out. */
export function changedSet(resource: StackResource, path: string, value: unknown): StackResource {
  const props = structuredClone(resource.props ?? {});
  const keys = path.split(/[.[\]]+/).filter((key) => key !== "");
  const last = keys.pop() ?? "";
  const holder = keys.reduce<object>((at, key) => {
    if (Reflect.get(at, key) === undefined) Reflect.set(at, key, {});
    return Reflect.get(at, key) as object;
  }, props);
  if (value === undefined) Reflect.deleteProperty(holder, last);
  else Reflect.set(holder, last, value);
  return { ...resource, props };
}

export const [a, b, c] = [image("a"), image("b"), image("c")];
export const canary: StackWorkload = { name: "canary", group: "support", role: "canary", image: b, from: a };
export const second: StackWorkload = { name: "second", group: "support", image: a };

/** Two gateways: the canary gets another image, and the other one stays. */
export const updated = fleetOfSets({ workloads: [canary, second] });
/** The same two, and nothing is done to them. */
export const resting = fleetOfSets({ workloads: [{ ...canary, image: a }, second] });

/** The same fleet with deployments for sets, as a control plane has one. */
export function asDeployments(stack: readonly StackResource[]): StackResource[] {
  const other = (id: string) => id.replace(` ${setType}`, ` ${deploymentType}`);
  return stack.map((each) => {
    const dependsOn = (each.dependsOn ?? []).map(other);
    if (each.type !== setType) return { ...each, dependsOn };
    const deployment = changedSet(each, "spec.serviceName", undefined);
    return {
      ...changedSet(deployment, "spec.strategy", { type: "Recreate" }),
      type: deploymentType,
      dependsOn,
    };
  });
}

/** Where the pod of a set stands. */
export const at = "spec.template.spec";

/** The canary's update, or another stack, with one property of one resource changed. */
export function edited(path: string, value: unknown, id = set("canary"), stack = updated): StackResource[] {
  return changed(stack, id, (each) => changedSet(each, path, value));
}

export function options(
  opts: NonNullable<StackResource["opts"]>,
  id = set("canary"),
  stack = updated,
): StackResource[] {
  return changed(stack, id, (each) => ({ ...each, opts: { ...each.opts, ...opts } }));
}

const stackRules = rules.filter((rule): rule is StackValidationPolicy => "validateStack" in rule);

/** What a rule refuses. */
export function refused(rule: StackValidationPolicy, stack: readonly StackResource[]): string[] {
  return judgedStack(rule, stack)
    .filter(({ level }) => level !== "advisory")
    .map(({ message }) => message);
}

/** What all rules about a stack refuse. */
export function refusals(stack: readonly StackResource[]): string[] {
  return stackRules.flatMap((rule) => refused(rule, stack));
}
