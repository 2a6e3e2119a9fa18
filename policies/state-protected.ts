import type { PolicyResource } from "@pulumi/policy";
import { containerType, fleetTypes } from "./fleet-facts.ts";
import { claimTypes, storageTypes, volumeType } from "./named-states.ts";
import { NotedRead, objectAt, type Part } from "./noted-read.ts";
import { podKinds, variantsOf } from "./pod-kinds.ts";
import { type Finding, type JudgedInputs, stackRule } from "./rule.ts";
import type { StackGraph } from "./stack-graph.ts";
import { type StackState, stackStateOf } from "./stack-state.ts";
import { type State, stateText } from "./state.ts";
import { stateMountsOf } from "./state-mounts.ts";
import { unreadProperty } from "./unread.ts";
import { valuesAcross } from "./values-across.ts";
import { quoted } from "./verdict.ts";

type Kind =
  | "unknown"
  | "malformed"
  | "unprotected"
  | "notFrozen"
  | "reclaimed"
  | "unnamed"
  | "namespace"
  | "acrossUnits";

const kinds: readonly Kind[] = [
  "unknown",
  "malformed",
  "unprotected",
  "notFrozen",
  "reclaimed",
  "unnamed",
  "namespace",
  "acrossUnits",
];

export const stateProtected = stackRule<Kind>({
  name: "state-protected",
  description: "No change of a program deletes a state, and none deletes a container before its snapshot",
  severity: "critical",
  remediationSteps:
    'Set protect: true and ignoreChanges: ["labels", "driverOpts"] on volumes. Set protect: true on claims. Take no value of another unit: use dependsOn and literal names.',
  kinds,
  exemptible: ["unprotected", "notFrozen", "reclaimed", "unnamed", "namespace", "acrossUnits"],
  judge: (graph) => {
    const state = stackStateOf(graph);
    return [...ingressFindings(state), ...namespaceFindings(graph, state), ...acrossFindings(graph, state)];
  },
  judgeAlone: (resource) => [
    ...protectionFindings(resource),
    ...reclaimFindings(resource),
    ...unnamedFindings(resource),
  ],
});

/** Names the resource and the place of a finding. */
function found(
  { name, urn }: { name: string; urn: string },
  kind: Kind,
  path: string,
  what: string,
  why: string,
  write: string,
): Finding<Kind> {
  return { kind, resource: name, urn, path, what, why, write };
}

const protect = "protect: true in its options";
const claimType = "kubernetes:core/v1:PersistentVolumeClaim";

/** Whatever mounts it: a volume or a claim that is a resource is there to keep a state. */
function protectionFindings(resource: JudgedInputs): Finding<Kind>[] {
  const { type, opts } = resource;
  if (type === volumeType) {
    const isIngress = typeOf(opts.parent) === fleetTypes.ingress;
    return [
      ...(opts.protect || isIngress ? [] : [unprotected(resource, "a volume")]),
      ...frozenFindings(resource),
    ];
  }
  if (type.endsWith("Patch") || opts.protect) return [];
  if (type === claimType && typeOf(opts.parent) === fleetTypes.ingress) return [];
  if (claimTypes.includes(type)) return [unprotected(resource, "a claim")];
  if (storageTypes.includes(type)) return [unprotected(resource, "a PersistentVolume")];
  return [];
}

function unprotected(resource: JudgedInputs | PolicyResource, what: string): Finding<Kind> {
  const text = `is not true, and this is ${what}`;
  return found(
    resource,
    "unprotected",
    "opts.protect",
    text,
    "one change or destroy deletes its state",
    protect,
  );
}

/** All of a volume's own properties replace it; the two that people change without thinking of that. */
function frozenFindings(resource: JudgedInputs): Finding<Kind>[] {
  const { ignoreChanges } = resource.opts;
  const open = ["labels", "driverOpts"].filter((each) => !ignoreChanges.includes(each));
  if (open.length === 0 || ignoreChanges.includes("*")) return [];
  const what = `does not have ${open.map((each) => JSON.stringify(each)).join(" and ")}`;
  const why = "another label or option replaces the volume, that is, deletes its state";
  return [
    found(resource, "notFrozen", "opts.ignoreChanges", what, why, 'ignoreChanges: ["labels", "driverOpts"]'),
  ];
}

/** The type in a URN: `urn:pulumi:<stack>::<project>::<type of each parent>$<type>::<name>`. */
function typeOf(urn: string | undefined): string | undefined {
  return urn?.split("::")[2]?.split("$").at(-1);
}

const setTypes = [...podKinds].filter(([, { kind }]) => kind.endsWith(":StatefulSet")).map(([type]) => type);

/** What the cluster deletes by itself when a claim, a set or a pod goes. */
function reclaimFindings(resource: JudgedInputs): Finding<Kind>[] {
  const { type, props } = resource;
  const policies = storageTypes.includes(type) ? storagePolicies : setTypes.includes(type) ? setPolicies : [];
  if (policies.length === 0) return [];
  const read = new NotedRead();
  const whole = objectAt(props, "");
  const objects = type.endsWith("List") ? read.parts(whole, "items") : [whole];
  const findings = objects.flatMap((object) =>
    policies.flatMap(([path, when]) => deleted(resource, read, object, path, when)),
  );
  return [...findings, ...read.problems.map((problem) => unreadProperty(resource, problem))];
}

/** Where it is said what becomes of a state, and when. */
type Policies = readonly (readonly [path: string, when: string])[];
const storagePolicies: Policies = [
  ["spec.persistentVolumeReclaimPolicy", "with the claim that it is bound to"],
];
const setPolicies: Policies = [
  ["spec.persistentVolumeClaimRetentionPolicy.whenDeleted", "with the set"],
  ["spec.persistentVolumeClaimRetentionPolicy.whenScaled", "of a pod that is not wanted for a while"],
];

/** What says nothing keeps the state. */
function deleted(
  resource: { name: string; urn: string },
  read: NotedRead,
  object: Part,
  path: string,
  when: string,
): Finding<Kind>[] {
  const policy = read.text(object, path);
  if (policy === undefined || policy === "Retain") return [];
  const at = object.path === "" ? path : `${object.path}.${path}`;
  const property = path.slice(path.lastIndexOf(".") + 1);
  const why = `the cluster then deletes the state ${when}`;
  return [found(resource, "reclaimed", at, `is ${quoted(policy)}`, why, `${property}: "Retain"`)];
}

/** A volume without a name goes with its container, at the next replacement. */
function unnamedFindings(resource: JudgedInputs): Finding<Kind>[] {
  return stateMountsOf(resource)
    .mounts.filter(({ state }) => state.kind === "anonymous")
    .map(({ path, state }) =>
      found(
        resource,
        "unnamed",
        path,
        `is ${stateText(state)}`,
        "it goes with its container, at the next replacement",
        "volumeName: <a volume that is protected>, or tmpfs for what may be lost",
      ),
    );
}

/** The state of an ingress may be lost, as long as it is that of an ingress. */
function ingressFindings({ mounts, names }: StackState): Finding<Kind>[] {
  return names.flatMap(({ resource, state }) => {
    const isClaim = resource.type === claimType;
    if (!(isClaim || resource.type === volumeType) || resource.parent?.type !== fleetTypes.ingress) return [];
    const other = mounts.find(
      ({ resource: { parent }, mount }) =>
        parent?.urn !== resource.parent?.urn && isSameName(mount.state, state),
    );
    return other === undefined || resource.opts.protect
      ? []
      : [
          unprotected(
            resource,
            `a ${isClaim ? "claim" : "volume"} that ${quoted(other.resource.name)} mounts, which is not its ingress`,
          ),
        ];
  });
}

function isSameName(one: State, other: State): boolean {
  if (one.kind === "volume") return other.kind === "volume" && one.name === other.name;
  return (
    one.kind === "claim" &&
    other.kind === "claim" &&
    one.name === other.name &&
    one.namespace === other.namespace
  );
}

const namespaceTypes = variantsOf("kubernetes:core/v1:Namespace").filter((type) => !type.endsWith("Patch"));

/** With a namespace goes each claim in it, protected or not. */
function namespaceFindings(graph: StackGraph, { mounts, names }: StackState): Finding<Kind>[] {
  const states = [...names, ...mounts.map(({ mount }) => mount)].map(({ state }) => state);
  const claims = new Map(
    states.flatMap((state) =>
      state.kind === "claim" || state.kind === "claims" ? [[state.namespace, state] as const] : [],
    ),
  );
  return graph.ofType(...namespaceTypes).flatMap((resource) => {
    const read = new NotedRead();
    const whole = objectAt(resource.props, "");
    const objects = resource.type.endsWith("List") ? read.parts(whole, "items") : [whole];
    const held = objects.flatMap((object) => {
      const name = read.text(object, "metadata.name");
      return (name !== undefined && claims.get(name)) || [];
    });
    const [claim] = held;
    if (resource.opts.protect) return [];
    const problems =
      claims.size === 0 ? [] : read.problems.map((problem) => unreadProperty(resource, problem));
    if (claim === undefined) return problems;
    const what = `is not true, and this namespace holds ${stateText(claim)}`;
    return [
      ...problems,
      found(resource, "namespace", "opts.protect", what, "each claim goes with its namespace", protect),
    ];
  });
}

/** The engine deletes what takes a value of a container before that container, and before any snapshot. */
function acrossFindings(graph: StackGraph, { mounts }: StackState): Finding<Kind>[] {
  const stateful = new Set(mounts.filter(({ mount }) => !mount.readOnly).map(({ resource }) => resource));
  const victims = graph.resources.filter(
    (resource) =>
      stateful.has(resource) || unitOf(graph, resource) !== resource || resource.type === volumeType,
  );
  return valuesAcross(victims, {
    unitOf: (resource) => unitOf(graph, resource),
    isGone: (resource) =>
      resource.type === containerType ||
      resource.opts.deleteBeforeReplace === true ||
      unitOf(graph, resource) !== resource,
  }).map(({ resource, property, from, through }) => {
    const way =
      through.length === 0 ? "" : `, through ${through.map(({ name }) => quoted(name)).join(" and ")}`;
    return found(
      resource,
      "acrossUnits",
      property,
      `takes a value of ${quoted(from.name)}${way}`,
      "when that one is made anew, the engine deletes this one first, before its snapshot",
      "the value itself, and dependsOn for the order",
    );
  });
}

/** The workload that a resource is part of, or the resource itself. */
function unitOf(graph: StackGraph, resource: PolicyResource): PolicyResource {
  const isWorkload = ({ type }: PolicyResource) =>
    type === fleetTypes.workload || type === fleetTypes.managedWorkload;
  return graph.ancestorsOf(resource).find(isWorkload) ?? resource;
}
