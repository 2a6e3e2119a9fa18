import type { PolicyResource } from "@pulumi/policy";
import type { CanaryFinding } from "./canary-finding.ts";
import {
  commandType,
  containerType,
  fleetTypes,
  isSet,
  type JudgedWorkload,
  unitTypes,
} from "./fleet-facts.ts";
import { isObject, reach, read } from "./guarded-read.ts";
import { imagePlacesOf } from "./image-places.ts";
import { readImageReference, repositoryOf } from "./image-reference.ts";
import { podKinds } from "./pod-kinds.ts";
import type { Rollout } from "./rollout.ts";
import { nameOfSet } from "./unit-set.ts";
import { quoted } from "./verdict.ts";

const workloadLabel = "clawforce.workload";
const stackLabel = "clawforce.stack";
const serviceType = "docker:index/service:Service";
const clusterLabel = "clawforce.io/workload";
const moveProgram = "operations/move-managed.ts";
const startProgram = "operations/make.ts";

/** Resources outside of the fleet's workloads that run what only a workload may, or that pass for one. */
export function imitations(rollout: Rollout, repositories: readonly string[]): CanaryFinding[] {
  const { graph, facts } = rollout;
  const own = new Set(facts.workloads.flatMap(({ runner, starter }) => [runner, starter]));
  const names = new UnitNames(facts.workloads);
  const ownRepositories = new Set([
    ...repositories,
    ...facts.workloads.flatMap(({ image }) => repositoryOfText(image)),
  ]);
  const unread = new Set(facts.problems.map(({ resource }) => resource.urn));
  return graph.resources.flatMap((resource): CanaryFinding[] => {
    // That of a component whose facts can't be read is refused with it.
    if (own.has(resource) || isRunnerOf(resource, unread)) return [];
    const what = imitated(resource, names, ownRepositories);
    return what === undefined
      ? []
      : [
          {
            ...{ kind: "imitation", resource: resource.name, urn: resource.urn, ...what },
            why: "no canary, no snapshot and no gate stands before its change",
            write: "an instance of a group of the fleet instead",
          },
        ];
  });
}

/** A container, and a set, may have another name than its workload. */
class UnitNames {
  readonly containers: ReadonlySet<unknown>;
  readonly sets: ReadonlySet<unknown>;

  constructor(workloads: readonly JudgedWorkload[]) {
    const own = workloads.filter(({ managed }) => !managed);
    const [sets, containers] = [own.filter(isSet), own.filter((each) => !isSet(each))];
    this.containers = new Set(containers.flatMap(({ name, runner }) => [name, read(runner.props, "name")]));
    this.sets = new Set(sets.flatMap(({ name, runner }) => [name, nameOfSet(runner)]));
  }
}

function imitated(
  resource: PolicyResource,
  names: UnitNames,
  repositories: ReadonlySet<string>,
): { path: string; what: string } | undefined {
  const { type, props } = resource;
  if (type === commandType) {
    const program = read(props, "create");
    const does =
      program === moveProgram
        ? "moves a managed instance"
        : program === startProgram
          ? "starts a workload"
          : undefined;
    return does && { path: "create", what: `it ${does} and belongs to no workload` };
  }
  const inCluster = podKinds.has(type) ? nameOfSet(resource) : undefined;
  if (typeof inCluster === "string" && names.sets.has(inCluster)) {
    return { path: "metadata.name", what: `it has the name of the workload ${quoted(inCluster)}` };
  }
  const name = type === containerType ? read(props, "name") : undefined;
  if (typeof name === "string" && names.containers.has(name)) {
    return { path: "name", what: `it has the name of the workload ${quoted(name)}` };
  }
  const label = labelOf(resource);
  if (label !== undefined)
    return { path: "labels", what: `it has the label ${quoted(label)} and is no workload` };
  if (!runsContainers(type)) return undefined;
  return imagePlacesOf({ type, props, ignoreChanges: [] }).flatMap((place) => {
    const isRun = place.kind === "text" && place.use === "run";
    const repository = isRun
      ? repositoryOfText(place.text).find((each) => repositories.has(each))
      : undefined;
    return repository === undefined
      ? []
      : [{ path: place.path, what: `it runs an image of ${quoted(repository)} and is no workload` }];
  })[0];
}

function isRunnerOf({ type, name, parent }: PolicyResource, urns: ReadonlySet<string>): boolean {
  return (unitTypes.includes(type) || type === commandType) && parent?.name === name && urns.has(parent.urn);
}

/** Other types of Docker keep an image or give it a name. */
function runsContainers(type: string): boolean {
  return type === containerType || type === serviceType || type.startsWith("kubernetes:");
}

/** A label of ours on something that runs and that no component of ours has made. */
function labelOf(resource: PolicyResource): string | undefined {
  const { type, props, parent } = resource;
  const isIngress = parent?.type === fleetTypes.ingress;
  const keys =
    type === containerType
      ? reach(props, "labels[].label").map(({ value }) => value)
      : type.startsWith("kubernetes:")
        ? labelKeys(props)
        : [];
  if (podLabelKeys(resource).includes(clusterLabel)) return clusterLabel;
  return keys.includes(workloadLabel)
    ? workloadLabel
    : keys.includes(stackLabel) && !isIngress
      ? stackLabel
      : undefined;
}

/** Those of its pods count too: by them a Service of ours would find it. */
function podLabelKeys({ type, props }: PolicyResource): unknown[] {
  const kind = podKinds.get(type);
  if (kind === undefined) return [];
  const object = kind.list ? "items[]." : "";
  const ofPod = `${kind.pod.slice(0, -"spec".length)}metadata.labels`;
  return [`${object}metadata.labels`, `${object}${ofPod}`].flatMap((path) => keysAt(props, path));
}

function labelKeys(props: object): unknown[] {
  return keysAt(props, "metadata.labels");
}

function keysAt(props: object, path: string): unknown[] {
  return reach(props, path).flatMap(({ value }) => (isObject(value) ? Object.keys(value) : []));
}

function repositoryOfText(text: string): string[] {
  const reference = readImageReference(text);
  return "problem" in reference ? [] : [repositoryOf(reference)];
}
