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
export function frozenImages(
  ignoreChanges: readonly string[],
  { mapped, found, isOpen }: ImagesAt,
): { path: string; ignored: string }[] {
  return ignoreChanges.toSorted().flatMap((ignored) => {
    const place =
      mapped.find((path) => isFrozenBy(ignored, path)) ??
      found.find((path) => isFrozenBy(ignored, path) && isPartOfImage(stepBelow(ignored, path))) ??
      openPlace(ignored, isOpen);
    return place === undefined ? [] : [{ path: place, ignored }];
  });
}

function isPartOfImage(step: string | undefined): boolean {
  return step === undefined || partSteps.includes(step);
}

function openPlace(ignored: string, isOpen: ImagesAt["isOpen"]): string | undefined {
  const { first, last } = endsOf(ignored);
  if (!isOpen(first)) return undefined;
  return isWholeProperty(ignored) || namesImage(last) || namesImages(last) ? ignored : undefined;
}
