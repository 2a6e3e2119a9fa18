import { isObject } from "./guarded-read.ts";
import { type NotedRead, objectAt, type Part } from "./noted-read.ts";

/** A Kubernetes resource type that has pods. */
export interface PodKind {
  /** `apps/v1:Deployment`, the same for its `…List` and `…Patch`. */
  kind: string;
  /** Where the specification of its pods stands in one object: `spec.template.spec`. */
  pod: string;
  /** The resource holds its objects in `items[]`. */
  list: boolean;
  /** It changes an object that something else made: what it does not say can still be so. */
  patch: boolean;
}

/** Kinds by where their pod's specification stands. Each has a `…List` and a `…Patch` beside it. */
const kindsByPath: Readonly<Record<string, readonly string[]>> = {
  "spec.template.spec": [
    "apps/v1:DaemonSet",
    "apps/v1:Deployment",
    "apps/v1:ReplicaSet",
    "apps/v1:StatefulSet",
    "apps/v1beta1:Deployment",
    "apps/v1beta1:StatefulSet",
    "apps/v1beta2:DaemonSet",
    "apps/v1beta2:Deployment",
    "apps/v1beta2:ReplicaSet",
    "apps/v1beta2:StatefulSet",
    "batch/v1:Job",
    "core/v1:ReplicationController",
    "extensions/v1beta1:DaemonSet",
    "extensions/v1beta1:Deployment",
    "extensions/v1beta1:ReplicaSet",
  ],
  "spec.jobTemplate.spec.template.spec": [
    "batch/v1:CronJob",
    "batch/v1beta1:CronJob",
    "batch/v2alpha1:CronJob",
  ],
  spec: ["core/v1:Pod"],
  "template.spec": ["core/v1:PodTemplate"],
};

/** What is known of each type, by the type's token. */
export const podKinds: ReadonlyMap<string, PodKind> = new Map(
  Object.entries(kindsByPath).flatMap(([pod, kinds]) => kinds.flatMap((kind) => podKindsOf(kind, pod))),
);

function podKindsOf(kind: string, pod: string): [string, PodKind][] {
  return variantsOf(`kubernetes:${kind}`).map((type) => [
    type,
    { kind, pod, list: type.endsWith("List"), patch: type.endsWith("Patch") },
  ]);
}

/** A Kubernetes type, the one that patches it and the one that lists it. */
export function variantsOf(type: string): string[] {
  return [type, `${type}Patch`, `${type}List`];
}

/** An object of Kubernetes as a resource holds it. */
interface HeldObject {
  type: string;
  props: object;
  /** As it is in a stack; its `namespace` counts where an object names none. */
  provider?: { props: object } | undefined;
}

export function namespaceOf(read: NotedRead, object: Part, provider: HeldObject["provider"]): string {
  const value = isObject(provider?.props) ? provider.props : {};
  return (
    read.text(object, "metadata.namespace") ??
    read.text({ path: "provider", value }, "namespace") ??
    "default"
  );
}

/**
 * How others name an object that has pods: `Deployment prod/web`. Undefined when nobody can say.
 * @param object - `items[1]` of a list; empty: the resource itself.
 */
export function podIdentity(
  read: NotedRead,
  { type, props, provider }: HeldObject,
  object: string,
): string | undefined {
  const part = objectAt(props, object);
  const kind = podKinds.get(type)?.kind.split(":").at(-1);
  const name = read.text(part, "metadata.name");
  const namespace = namespaceOf(read, part, provider);
  return kind === undefined || name === undefined || read.problems.length > 0
    ? undefined
    : `${kind} ${namespace}/${name}`;
}
