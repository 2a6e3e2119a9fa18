import type { PolicyResource } from "@pulumi/policy";
import { NotedRead, objectAt, type Part, type ReadProblem } from "./noted-read.ts";
import { namespaceOf, podIdentity, podKinds, variantsOf } from "./pod-kinds.ts";
import { type RunsAtOnce, runsAtOnceOf } from "./runs-at-once.ts";
import type { StackGraph } from "./stack-graph.ts";
import type { PlacedMount } from "./stack-state.ts";
import type { State } from "./state.ts";
import { stateMountsOf } from "./state-mounts.ts";

const scalerTypes = ["v1", "v2", "v2beta1", "v2beta2"].flatMap((version) =>
  variantsOf(`kubernetes:autoscaling/${version}:HorizontalPodAutoscaler`),
);

/** What a resource does to the pods of another one. */
export interface Scaling {
  resource: PolicyResource;
  runs: readonly RunsAtOnce[];
  /** What those pods write. */
  states: readonly State[];
  problems: readonly ReadProblem[];
}

/**
 * The resources that make the pods of another one run twice on their state: scalers and patches.
 * @param written - mounts that are written.
 */
export function scalingsOf(graph: StackGraph, written: readonly PlacedMount[]): Scaling[] {
  const states = new Map<string, State[]>();
  for (const { resource, mount } of written) {
    const identity = podIdentity(new NotedRead(), resource, mount.object);
    if (identity !== undefined) states.set(identity, [...(states.get(identity) ?? []), mount.state]);
  }
  if (states.size === 0) return [];
  return graph.resources.flatMap((resource) => {
    if (scalerTypes.includes(resource.type)) return scalerScalings(resource, states);
    // One that writes the state itself is judged as any other.
    const isPatch = podKinds.get(resource.type)?.patch === true;
    if (!isPatch || stateMountsOf(resource).mounts.some(({ readOnly }) => !readOnly)) return [];
    const read = new NotedRead();
    const own = states.get(podIdentity(read, resource, "") ?? "") ?? [];
    if (own.length === 0) return [{ resource, runs: [], states: own, problems: read.problems }];
    const runs = runsAtOnceOf(read, resource.type, objectAt(resource.props, ""), own, true);
    return [{ resource, runs, states: own, problems: read.problems }];
  });
}

function scalerScalings(resource: PolicyResource, states: ReadonlyMap<string, readonly State[]>): Scaling[] {
  const read = new NotedRead();
  const whole = objectAt(resource.props, "");
  const objects = resource.type.endsWith("List") ? read.parts(whole, "items") : [whole];
  const scaled = objects.map((object) => scaledBy(read, object, resource, states));
  const unread = { resource, runs: [], states: [], problems: read.problems };
  return [unread, ...scaled.map((each) => ({ ...each, resource, problems: [] }))];
}

function scaledBy(
  read: NotedRead,
  object: Part,
  { provider }: PolicyResource,
  states: ReadonlyMap<string, readonly State[]>,
): { runs: RunsAtOnce[]; states: readonly State[] } {
  const kind = read.text(object, "spec.scaleTargetRef.kind");
  const name = read.text(object, "spec.scaleTargetRef.name");
  const most = read.number(object, "spec.maxReplicas") ?? 1;
  const own = states.get(`${kind} ${namespaceOf(read, object, provider)}/${name}`) ?? [];
  // Each pod of a StatefulSet has claims of its own.
  const shared = own.filter((state) => state.kind !== "claims");
  if (most <= 1 || shared.length === 0) return { runs: [], states: shared };
  const path = object.path === "" ? "spec.maxReplicas" : `${object.path}.spec.maxReplicas`;
  const what = `lets up to ${most} pods of ${JSON.stringify(name)} run`;
  return { runs: [{ kind: "replicas", path, what, write: "maxReplicas: 1, or no scaler" }], states: shared };
}
