import {
  type ImageReference,
  isPlaceholder,
  parseImageReference,
  repositoryOf,
} from "../config/image-reference.ts";
import { fieldAt } from "../config/json.ts";
import { CommandFailure } from "./command.ts";
import type { Edit } from "./stack-edit.ts";

/** What `pin` is asked for on the command line. */
export interface PinRequest {
  /** The key of an agent image, or "control-plane". */
  image: string;
  /** A tag of the repository that stands there already, or a whole reference. */
  wanted: string;
}

export const controlPlane = "control-plane";

/** The reference to ask the registry for. A digest that is given with it must be what the registry has. */
export function wantedReference(settings: Record<string, unknown>, { image, wanted }: PinRequest): string {
  const stands = standing(settings, image);
  const isTag = !/[/:@]/.test(wanted);
  if (isTag && stands === undefined) {
    throw new CommandFailure(
      `clawforce:${placeOf(image).join(".")} names no image yet, so a tag alone says too little. Write the whole reference.`,
    );
  }
  const reference = isTag ? `${repositoryOf(stands ?? "")}:${wanted}` : wanted;
  const parsed = parseImageReference(reference);
  if ("problem" in parsed) {
    throw new CommandFailure(
      `${JSON.stringify(wanted)} is no tag and no image reference: ${parsed.problem}.`,
    );
  }
  refuseFloating(parsed, reference);
  return reference;
}

function refuseFloating({ tag, digest }: ImageReference, reference: string): void {
  if (tag === undefined && digest === undefined) {
    throw new CommandFailure(`${reference} names no version. Add its tag.`);
  }
  if (tag?.toLowerCase() === "latest") {
    throw new CommandFailure(
      `${reference} has the tag "latest", which says no version. Name the version's own tag.`,
    );
  }
}

/** The settings that name the image, once its digest is known: the image that stands there is kept as the way back. */
export function pinEdits(settings: Record<string, unknown>, image: string, reference: string): Edit[] {
  const place = placeOf(image);
  if (image === controlPlane) {
    const before = fieldAt(settings, [...place, "image"]);
    const replaces = typeof before === "string" && !isPlaceholder(before) && before !== reference;
    return [
      { path: [...place, "image"], value: reference },
      ...(replaces ? [{ path: [...place, "previous"], value: before }] : []),
    ];
  }
  const stable = fieldAt(settings, [...place, "stable"]);
  if (typeof stable !== "string") {
    throw new CommandFailure(`No agent image is called ${JSON.stringify(image)}. ${known(settings)}`);
  }
  return [
    { path: [...place, "candidate"], value: reference },
    // Another candidate begins with the canary again.
    ...groupsOn(settings, image)
      .filter((group) => (fieldAt(settings, ["instanceGroups", group, "wave"]) ?? 0) !== 0)
      .map((group) => ({ path: ["instanceGroups", group, "wave"], value: 0 })),
  ];
}

function known(settings: Record<string, unknown>): string {
  const names = Object.keys(Object(settings.agentImages));
  return names.length === 0
    ? "The configuration has none under clawforce:agentImages."
    : `There ${names.length === 1 ? "is" : "are"} ${names.join(", ")}, and ${controlPlane}.`;
}

function standing(settings: Record<string, unknown>, image: string): string | undefined {
  const place = placeOf(image);
  const found =
    image === controlPlane
      ? fieldAt(settings, [...place, "image"])
      : (fieldAt(settings, [...place, "stable"]) ?? fieldAt(settings, [...place, "candidate"]));
  return typeof found === "string" ? found : undefined;
}

function placeOf(image: string): string[] {
  return image === controlPlane ? ["controlPlane"] : ["agentImages", image];
}

function groupsOn(settings: Record<string, unknown>, image: string): string[] {
  return Object.keys(Object(settings.instanceGroups)).filter(
    (group) => fieldAt(settings, ["instanceGroups", group, "agentImage"]) === image,
  );
}
