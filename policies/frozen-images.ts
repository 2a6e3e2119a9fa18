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

type FrozenImage =
  /** An image that keeps being what it was, whatever the program says: what runs is outside of review. */
  | { kind: "frozen"; path: string; ignored: string }
  /** The program shows no image there: what is kept may have one or not. */
  | { kind: "unknown-entry"; path: string };

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
    if (path !== undefined) return [{ kind: "frozen", path, ignored }];
    if (!isOpen(first)) return [];
    if (namesImage(last) || namesImages(last)) return [{ kind: "frozen", path: ignored, ignored }];
    return isWholeProperty(ignored) ? [{ kind: "unknown-entry", path: ignored }] : [];
  });
}

function isPartOfImage(step: string | undefined): boolean {
  return step === undefined || partSteps.includes(step);
}
