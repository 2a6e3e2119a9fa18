import { isSetType, madeAnnotation, wordOfSet } from "../policies/unit-set.ts";
import { itemsOf, mappingOf, textOf } from "./plain-json.ts";
import type { ResourceState, Step } from "./preview.ts";

/** What runs a workload on Kubernetes. The provider changes it in its place, at no replicas; a command starts it. */
export function isSet({ type }: Pick<Step, "type">): boolean {
  return isSetType(type);
}

/** What it is called in messages. */
export function setWord({ type }: Pick<Step, "type">): string {
  return wordOfSet({ type });
}

export function isInPlace({ runner }: { runner: Step | undefined }): boolean {
  return runner !== undefined && isSet(runner);
}

export function imageOfSet(state: ResourceState): string {
  return textOf(mappingOf(itemsOf(podOf(state).containers)[0]).image);
}

/** The hash that its pod is made for; empty: it does not say one. */
export function madeOfSet(state: ResourceState): string {
  return textOf(mappingOf(mappingOf(templateOf(state).metadata).annotations)[madeAnnotation]);
}

/** The claims that its pod mounts. */
export function claimsOf(state: ResourceState | undefined): string[] {
  if (state === undefined) return [];
  return itemsOf(podOf(state).volumes)
    .map((volume) => textOf(mappingOf(mappingOf(volume).persistentVolumeClaim).claimName))
    .filter((name) => name !== "");
}

/** Whether a change in its place makes its pod another one. What differs elsewhere starts nothing anew. */
export function changesPod({ before, after }: Step): boolean {
  return (
    before !== undefined &&
    after !== undefined &&
    differing(templateOf(before), templateOf(after), "").length > 0
  );
}

/** Where its inputs differ, without the hash that stands for all that its pod is made for. */
export function changedPaths({ before, after }: Step): string[] {
  const paths = before === undefined || after === undefined ? [] : differing(before.inputs, after.inputs, "");
  return paths.filter((path) => !path.endsWith(`.${madeAnnotation}`));
}

function templateOf({ inputs }: ResourceState): Readonly<Record<string, unknown>> {
  return mappingOf(mappingOf(inputs.spec).template);
}

function podOf(state: ResourceState): Readonly<Record<string, unknown>> {
  return mappingOf(templateOf(state).spec);
}

/** Where two values differ, as paths in their order: `spec.template.spec.containers[0].image`. */
export function differing(before: unknown, after: unknown, path: string): string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const [old, now] = [before, after].map((value) =>
    typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined,
  );
  if (old === undefined || now === undefined || Array.isArray(old) !== Array.isArray(now)) return [path];
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].toSorted();
  return keys
    .filter((key) => !key.startsWith("__"))
    .flatMap((key) =>
      differing(
        old[key],
        now[key],
        Array.isArray(now) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`,
      ),
    );
}

const mostPaths = 5;

/** Of many paths the first ones. */
export function pathsText(paths: readonly string[]): string {
  const rest = paths.length - mostPaths;
  return `${paths.slice(0, mostPaths).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
