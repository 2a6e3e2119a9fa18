import { isCutOver } from "./cut-overs.ts";
import { fleetFactsOf } from "./fleet-facts.ts";
import { isAtOrBelow, isClaimOfFleet, isFrozenBy, isUnitOfWorkload, stepBelow } from "./frozen-paths.ts";
import { notKnown, read } from "./guarded-read.ts";
import { besideSources, claimTypes, storageTypes, volumeType } from "./named-states.ts";
import { podKinds } from "./pod-kinds.ts";
import type { Finding, JudgedInputs } from "./rule.ts";
import type { StackGraph } from "./stack-graph.ts";
import { stateMountsOf } from "./state-mounts.ts";
import { isSetType, setTypes } from "./unit-set.ts";
import { quoted } from "./verdict.ts";

const ofDocker: Readonly<Record<string, readonly string[]>> = {
  "docker:index/container:Container": ["volumes", "mounts"],
  "docker:index/service:Service": ["taskSpec.containerSpec.mounts"],
};

/** Where a type says what its containers mount. */
function mountPathsOf(type: string): readonly string[] {
  const pod = podKinds.get(type);
  if (pod === undefined) return ofDocker[type] ?? [];
  const object = itemOf(pod.list);
  return [`${object}${pod.pod}.volumes`, `${object}spec.volumeClaimTemplates`];
}

function itemOf(isList: boolean): string {
  return isList ? "items[]." : "";
}

/**
 * Mounts that keep being what they were, whatever the program says. What is ignored above all mounts of a resource that
 * shows none is left alone: it is no choice of a state.
 */
export function frozenMounts(resource: JudgedInputs): Finding<"frozen">[] {
  return isUnitOfWorkload(resource.urn) ? [] : frozenIn(resource);
}

/**
 * The same of a workload whose container is made anew: one that nothing is done to keeps what it has, and a new one gets
 * what the old one had.
 */
export function frozenAnew(graph: StackGraph): Finding<"frozen">[] {
  const sets = graph.ofType(...setTypes).filter(({ urn }) => isUnitOfWorkload(urn));
  const changed = sets.length === 0 ? [] : fleetFactsOf(graph).workloads.filter(isCutOver);
  const runners = new Set(changed.map(({ runner }) => runner));
  return graph.resources
    .filter((resource) =>
      // One of Kubernetes keeps its id.
      isSetType(resource.type)
        ? runners.has(resource)
        : isUnitOfWorkload(resource.urn) && read(resource.props, "id") === notKnown,
    )
    .flatMap(frozenIn);
}

function frozenIn(
  resource: Pick<JudgedInputs, "name" | "urn" | "type" | "props" | "opts">,
): Finding<"frozen">[] {
  const { type, opts } = resource;
  if (opts.ignoreChanges.length === 0) return [];
  const mapped = mountPathsOf(type);
  const found = stateMountsOf(resource).mounts.map(({ path }) => path);
  return opts.ignoreChanges.flatMap((ignored) => {
    const path =
      found.find((each) => isFrozenBy(ignored, each)) ?? mapped.find((each) => isAtOrBelow(ignored, each));
    return path === undefined ? [] : [frozen(resource, path, ignored, "what is mounted", "be mounted")];
  });
}

/** A volume, a claim or a PersistentVolume that keeps being another than the program says. */
export function frozenNames({ name, urn, type, opts }: JudgedInputs): Finding<"frozen">[] {
  return opts.ignoreChanges.flatMap((ignored) => {
    const path = frozenName(type, ignored, isClaimOfFleet(urn));
    return path === undefined
      ? []
      : [frozen({ name, urn }, path, ignored, "what says which storage it is", "be behind this name")];
  });
}

/** What `ignoreChanges` keeps of that which says what storage is behind the name of a state. */
function frozenName(type: string, ignored: string, isBound: boolean): string | undefined {
  // A volume as a whole, its labels and its options are kept on purpose: each of them replaces it.
  if (type === volumeType)
    return ["name", "driver"].find((each) => ignored !== "*" && isFrozenBy(ignored, each));
  const item = itemOf(type.endsWith("List"));
  const isClaim = claimTypes.includes(type);
  if (!isClaim && !storageTypes.includes(type)) return undefined;
  const ofStorage = isClaim ? ["spec.volumeName", "spec.selector"] : ["spec.claimRef"];
  const ofClaim = isBound ? [] : ofStorage;
  const named = ["metadata.name", ...ofClaim].map((each) => `${item}${each}`);
  return (
    named.find((each) => isFrozenBy(ignored, each)) ??
    (isClaim ? undefined : frozenSource(`${item}spec`, ignored))
  );
}

/** Whatever is no other property of a PersistentVolume is the source of its storage. */
function frozenSource(spec: string, ignored: string): string | undefined {
  const source = stepBelow(ignored, spec);
  const isSource = source !== undefined && !besideSources.includes(source);
  return isSource && isFrozenBy(ignored, spec) ? `${spec}.${source}` : undefined;
}

function frozen(
  { name, urn }: { name: string; urn: string },
  path: string,
  ignored: string,
  what: string,
  may: string,
): Finding<"frozen"> {
  return {
    ...{ kind: "frozen" as const, resource: name, urn, path },
    what: `${what} is under ignoreChanges (${quoted(ignored)})`,
    why: `then another state may ${may} than the program says, and no review sees it`,
    write: "ignoreChanges without this path",
  };
}
