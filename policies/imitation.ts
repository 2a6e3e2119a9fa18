import type { PolicyResource } from "@pulumi/policy";
import type { CanaryFinding } from "./canary-finding.ts";
import { commandType, containerType, fleetTypes } from "./fleet-facts.ts";
import { isObject, reach, read } from "./guarded-read.ts";
import { imagePlacesOf } from "./image-places.ts";
import { readImageReference, repositoryOf } from "./image-reference.ts";
import type { Rollout } from "./rollout.ts";
import { quoted } from "./verdict.ts";

const workloadLabel = "clawforce.workload";
const stackLabel = "clawforce.stack";
const serviceType = "docker:index/service:Service";
const moveProgram = "operations/move-managed.ts";

/** Resources outside of the fleet's workloads that run what only a workload may, or that pass for one. */
export function imitations(rollout: Rollout, repositories: readonly string[]): CanaryFinding[] {
  const { graph, facts } = rollout;
  const own = new Set(facts.workloads.map(({ runner }) => runner));
  // A container may have another name than its workload.
  const names = new Set(
    facts.workloads
      .filter(({ managed }) => !managed)
      .flatMap(({ name, runner }) => [name, read(runner.props, "name")])
      .filter((name) => typeof name === "string"),
  );
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

function imitated(
  resource: PolicyResource,
  names: ReadonlySet<string>,
  repositories: ReadonlySet<string>,
): { path: string; what: string } | undefined {
  const { type, props } = resource;
  if (type === commandType) {
    return read(props, "create") === moveProgram
      ? { path: "create", what: "it moves a managed instance and belongs to no workload" }
      : undefined;
  }
  const name = type === containerType ? read(props, "name") : undefined;
  if (typeof name === "string" && names.has(name)) {
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
  return type === containerType && parent?.name === name && urns.has(parent.urn);
}

/** Other types of Docker keep an image or give it a name. */
function runsContainers(type: string): boolean {
  return type === containerType || type === serviceType || type.startsWith("kubernetes:");
}

/** A label of ours on something that runs and that no component of ours has made. */
function labelOf({ type, props, parent }: PolicyResource): string | undefined {
  const isIngress = parent?.type === fleetTypes.ingress;
  const keys =
    type === containerType
      ? reach(props, "labels[].label").map(({ value }) => value)
      : type.startsWith("kubernetes:")
        ? labelKeys(props)
        : [];
  return keys.includes(workloadLabel)
    ? workloadLabel
    : keys.includes(stackLabel) && !isIngress
      ? stackLabel
      : undefined;
}

function labelKeys(props: object): unknown[] {
  return reach(props, "metadata.labels").flatMap(({ value }) => (isObject(value) ? Object.keys(value) : []));
}

function repositoryOfText(text: string): string[] {
  const reference = readImageReference(text);
  return "problem" in reference ? [] : [repositoryOf(reference)];
}
