import { endsOf, isFrozenBy, isWholeProperty, stepBelow } from "./frozen-paths.ts";
import { namesImage, namesImages } from "./image-walk.ts";

/** Where the images of a resource stand, for what `ignoreChanges` does to them. */
export interface ImagesAt {
  /** Of its type, whatever the resource says. */
  mapped: readonly string[];
  /** Of this resource. */
  found: readonly string[];
  /** Its properties of which nobody can say that no image stands below: by their names, or whether it is one. */
  isOpen: (property: string) => boolean;
}

/** Of a reference in parts, what stands below its place. */
const partSteps = [
  "*",
  "registry",
  "repository",
  "repo",
  "name",
  "newName",
  "tag",
  "newTag",
  "digest",
  "reference",
];

/** An image that keeps being what it was, whatever the program says: what runs is outside of review. */
interface FrozenImage {
  path: string;
  ignored: string;
  /** Whether the program shows an image there; else what is kept can have one. */
  isShown: boolean;
}

/** What holds the containers of a pod, or the pod, in resources of any operator. */
const podSteps = [
  "containers",
  "ephemeralContainers",
  "initContainers",
  "podSpec",
  "podTemplate",
  "podTemplateSpec",
  "sidecarContainers",
  "sidecars",
];

/** What `ignoreChanges` does to the images of a resource. */
export function frozenImages(
  ignoreChanges: readonly string[],
  { mapped, found, isOpen }: ImagesAt,
): FrozenImage[] {
  return ignoreChanges.toSorted().flatMap((ignored): FrozenImage[] => {
    const { first, last } = endsOf(ignored);
    const path =
      mapped.find((each) => isFrozenBy(ignored, each)) ??
      found.find((each) => isFrozenBy(ignored, each) && isPartOfImage(stepBelow(ignored, each)));
    if (path !== undefined) return [{ path, ignored, isShown: true }];
    if (!isOpen(first)) return [];
    if (namesImage(last) || namesImages(last)) return [{ path: ignored, ignored, isShown: true }];
    const canHold = isWholeProperty(ignored) || podSteps.includes(last);
    return canHold ? [{ path: ignored, ignored, isShown: false }] : [];
  });
}

function isPartOfImage(step: string | undefined): boolean {
  return step === undefined || partSteps.includes(step);
}
