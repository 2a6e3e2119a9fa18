import type { PolicyResource } from "@pulumi/policy";
import { isObject, reach, read } from "./guarded-read.ts";

export const setType = "kubernetes:apps/v1:StatefulSet";

/**
 * What runs a workload on Kubernetes, and what messages call it: a control plane has a deployment of its own. The provider
 * changes either in its place; a command starts it afterwards.
 */
const words: ReadonlyMap<string, string> = new Map([
  [setType, "set"],
  ["kubernetes:apps/v1:Deployment", "deployment"],
]);

export const setTypes: readonly string[] = [...words.keys()];

export function isSetType(type: string): boolean {
  return words.has(type);
}

/** For messages. */
export function wordOfSet({ type }: Pick<PolicyResource, "type">): string {
  return words.get(type) ?? "set";
}

/** On the pod template: the hash that the pod was made for. */
export const madeAnnotation = "clawforce.io/made";

const podPath = "spec.template.spec";

type Props = Pick<PolicyResource, "props">;

/** Where the image of its one container stands. */
export const setImagePath = `${podPath}.containers[0].image`;

/** The image of its first container: a text, or what stands there instead. */
export function imageOfSet({ props }: Props): unknown {
  return reach(props, `${podPath}.containers[].image`)[0]?.value;
}

/** The hash that its pod is made for, empty where its template does not say one. */
export function madeOfSet({ props }: Props): string {
  const annotations = reach(props, "spec.template.metadata.annotations")[0]?.value;
  const made = isObject(annotations) ? read(annotations, madeAnnotation) : undefined;
  return typeof made === "string" ? made : "";
}

/** The hash in the id of a unit that is there: `<uid of its set>/<hash>`. */
export function madeOfUnit(id: string): string {
  return id.slice(id.indexOf("/") + 1);
}

/** Containers of its pod beside its own one, those that run before it included; undefined: nobody can say. */
export function othersInSet({ props }: Props): number | undefined {
  const lists = ["containers", "initContainers", "ephemeralContainers"];
  const containers = lists.flatMap((list) => reach(props, `${podPath}.${list}[]`));
  return containers.every(({ value }) => isObject(value)) ? containers.length - 1 : undefined;
}

/** What Kubernetes gives a pod that says nothing. Seconds. */
const usualGrace = 30;

/** Seconds that its pod has to stop. Not a number: nobody can say. */
export function graceOfSet({ props }: Props): { path: string; value: unknown } {
  const path = `${podPath}.terminationGracePeriodSeconds`;
  return { path, value: reach(props, path)[0]?.value ?? usualGrace };
}

/** Its name in the cluster. */
export function nameOfSet({ props }: Props): unknown {
  return reach(props, "metadata.name")[0]?.value;
}
