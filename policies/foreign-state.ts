import type { PolicyResource } from "@pulumi/policy";
import { fleetTypes, unitTypes } from "./fleet-facts.ts";
import { reach, read } from "./guarded-read.ts";
import type { Finding } from "./rule.ts";
import type { StackGraph } from "./stack-graph.ts";
import { stateText } from "./state.ts";
import type { StateMount } from "./state-mount.ts";
import { stateMountsOf } from "./state-mounts.ts";
import { type Unread, unreadProperty } from "./unread.ts";

/** Where the proxy in front keeps which workload it serves under which name. */
const ingressFolder = "/home/kamal-proxy/.config/kamal-proxy";

/** State in a container or a pod that is no workload: nobody copies it before a change, because no policy can see a hook. */
export function foreignState(graph: StackGraph): (Unread | Finding<"foreignState">)[] {
  const workloads = new Set(
    graph.ofType(fleetTypes.workload, fleetTypes.managedWorkload).map(({ name }) => name),
  );
  return graph.resources
    .filter((resource) => !isOfWorkload(resource))
    .flatMap((resource) => {
      const { name, urn } = resource;
      const { mounts, problems } = stateMountsOf(resource);
      // A volume without a name is gone with its container.
      const kept = mounts.filter(({ state, readOnly }) => !readOnly && state.kind !== "anonymous");
      if (problems.length === 0 && isIngress(resource, kept, workloads)) return [];
      return [
        ...problems.map((problem) => unreadProperty(resource, problem)),
        ...kept.map(({ path, state }) => ({
          ...{ kind: "foreignState" as const, resource: name, urn, path },
          what: `it keeps state in ${stateText(state)} and is no workload of the fleet`,
          why: "nothing copies that state before a change, so there would be no way back",
          write: "an instance of a group of the fleet instead, or an exemption with a reason",
        })),
      ];
    });
}

/** The one container of a workload's component that has its name; a second one in there is none of ours. */
function isOfWorkload({ type, name, parent }: PolicyResource): boolean {
  return parent?.type === fleetTypes.workload && parent.name === name && unitTypes.includes(type);
}

const proxyType = "kubernetes:apps/v1:Deployment";
const podMountPaths = ["containers", "initContainers", "ephemeralContainers"].map(
  (list) => `spec.template.spec.${list}[].volumeMounts[].mountPath`,
);

/** The proxy keeps what the operations tell it, and gets it told again: only in its own volume, at its own folder. */
function isIngress(
  { type, name, parent, props }: PolicyResource,
  kept: readonly StateMount[],
  workloads: ReadonlySet<string>,
): boolean {
  const isInCluster = type === proxyType;
  const isHere = isInCluster || type.startsWith("docker:");
  if (parent?.type !== fleetTypes.ingress || parent.name !== name || !isHere) return false;
  const container = isInCluster ? reach(props, "metadata.name")[0]?.value : read(props, "name");
  if (typeof container !== "string" || workloads.has(container)) return false;
  const paths = isInCluster ? podMountPaths : ["volumes[].containerPath"];
  const folders = paths.flatMap((path) => reach(props, path)).map(({ value }) => value);
  const kind = isInCluster ? "claim" : "volume";
  return (
    folders.every((folder) => folder === ingressFolder) &&
    kept.every(({ state }) => state.kind === kind && state.name === `${container}-state`)
  );
}
