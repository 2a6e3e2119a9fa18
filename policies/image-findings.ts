import type { ImagePlace } from "./image-places.ts";
import {
  type ImageReference,
  imageId,
  isImageId,
  readImageReference,
  type UnreadReference,
} from "./image-reference.ts";
import { isPartialVersion, saysLatest, tagAloneTold, undigestedTold } from "./image-tags.ts";
import { movedTold, unreadTold, unseenImages } from "./unseen-images.ts";
import { quoted, type Told } from "./verdict.ts";

/** What can be wrong at a place, by name: the names stand in the configuration of levels. */
export type FindingKind =
  | "unknown"
  | "unknownEntry"
  | "unreadable"
  | "opaque"
  | "frozen"
  | "moved"
  | "built"
  | "untagged"
  | "latest"
  | "floating"
  | "partial"
  | "latestBesideDigest"
  | "registry"
  | "noDigest"
  | "otherDigest"
  | "placeholder";

export interface Finding extends Told {
  kind: FindingKind;
  path: string;
  /** When the reference could be read: what an exemption goes by. */
  reference?: ImageReference;
}

type Unplaced = Omit<Finding, "path">;
type TextPlace = ImagePlace & { kind: "text" };

const zeros = `sha256:${"0".repeat(64)}`;

/**
 * What no rule about images can pass over: a place whose image can't be judged at all.
 *
 * @param setting - what the setting is called that stands there, where the path does not say it.
 */
export function unjudgeable(
  place: ImagePlace,
  setting: () => string | undefined = () => undefined,
): Finding | undefined {
  const told = unjudgeableTold(place, setting);
  return told === undefined ? undefined : { ...told, path: place.path };
}

function unjudgeableTold(place: ImagePlace, setting: () => string | undefined): Unplaced | undefined {
  switch (place.kind) {
    case "unknown":
      return {
        kind: "unknown",
        what: "the image is not known at preview",
        why: "nobody can review what is not known",
        write: "the reference as literal text, with its digest, not the output of another resource",
      };
    case "unknown-entry":
      return {
        kind: "unknownEntry",
        what: "the value is not known at preview",
        why: "it can't be told whether it names an image",
        write: "the image as literal text; nothing, if the value names no image",
      };
    case "unread":
      return { kind: "unknownEntry", ...unreadTold[place.unread] };
    case "opaque":
      return { kind: "opaque", ...unseenImages[place.of] };
    case "malformed":
      return {
        kind: "unreadable",
        what: "the image is no text",
        why: "only a text can be a reference",
        write: "<repository>:<version>@sha256:<64 hex digits>",
      };
    case "text":
      return unreadable(place, setting);
    default:
      return undefined;
  }
}

function unreadable(place: TextPlace, setting: () => string | undefined): Unplaced | undefined {
  const { text, use, hidden } = place;
  const read = isImageId(text) ? imageId : readImageReference(text);
  if (!("problem" in read)) return undefined;
  // A setting that is no reference may be anything, a password too.
  const isShown = use !== "setting" && !hidden;
  const name = isShown ? undefined : setting();
  const named = name === undefined ? "the value" : `the value of ${quoted(name)}`;
  const inspect =
    read === imageId ? ` (or run: docker image inspect --format '{{json .RepoDigests}}' ${text})` : "";
  return {
    kind: "unreadable",
    what: isShown
      ? `image ${quoted(text)} ${read.problem}${partOf(read)}`
      : `${named} (not shown here) ${read.problem}`,
    why: "no registry can be asked for it",
    write: `<repository>:<version>@sha256:<64 hex digits>${isShown ? inspect : ""}`,
  };
}

function partOf({ part }: UnreadReference): string {
  return part === undefined ? "" : `: ${quoted(part)}`;
}

/** What the tags of a place say against it, the heaviest first. */
export function tagFindings(
  place: ImagePlace,
  floatingTags: readonly string[],
  registries: readonly string[],
): Finding[] {
  if (place.kind === "frozen") return [frozen(place)];
  if (place.kind === "moved") return [{ kind: "moved", path: place.path, ...movedTold(place.by) }];
  const isFloatingTag = (tag: string) =>
    floatingTags.some((each) => each.toLowerCase() === tag.toLowerCase());
  if (place.kind === "tag") {
    const alone = tagAloneTold(place, isFloatingTag(place.tag));
    return alone === undefined ? [] : [{ ...alone, path: place.path }];
  }
  if (place.kind !== "text") return [];
  const reference = readImageReference(place.text);
  if ("problem" in reference) return [];
  const isFloating = isFloatingTag(reference.tag ?? "");
  const told = [tagTold(place, reference, isFloating), registryTold(place, reference, registries)];
  return told.flatMap((each) => (each === undefined ? [] : [{ ...each, path: place.path, reference }]));
}

function frozen({ path, ignored, isShown }: ImagePlace & { kind: "frozen" }): Finding {
  return {
    kind: "frozen",
    path,
    what: isShown
      ? `the image is under ignoreChanges (${quoted(ignored)})`
      : `all of it is under ignoreChanges (${quoted(ignored)}), and an image can stand in what is kept`,
    why: "then something else runs than the program says, and no review sees it",
    write: isShown
      ? "ignoreChanges without this path"
      : "ignoreChanges with the one field that something else sets, such as `spec.replicas`",
  };
}

function tagTold(place: TextPlace, reference: ImageReference, isFloating: boolean): Unplaced | undefined {
  const { tag, digest } = reference;
  const isLatest = tag !== undefined && saysLatest(tag);
  const image = shown(place);
  const write = whatToWrite(place, reference);
  // Nothing of a secret is said, so not its tag either.
  const tagged = (known: string, hidden: string) => `${image} has ${place.hidden ? hidden : known}`;
  if (digest !== undefined) {
    return isLatest
      ? {
          kind: "latestBesideDigest",
          what: tagged(
            `the tag ${quoted(tag)} beside its digest`,
            "a tag that says `latest` beside its digest",
          ),
          why: "people read the tag, and it says no version",
          write: place.hidden
            ? write
            : `the tag of the version that the digest belongs to, as in ${named(place)}:<version>@${digest}`,
        }
      : undefined;
  }
  if (tag === undefined) {
    return {
      kind: "untagged",
      what: `${image} has no tag`,
      why: "that means latest, which changes without a review",
      write,
    };
  }
  if (isLatest) {
    return {
      kind: "latest",
      what: tagged(`the tag ${quoted(tag)}`, "a tag that says `latest`"),
      why: "it changes without a review",
      write,
    };
  }
  if (isFloating) {
    return {
      kind: "floating",
      what: tagged(`the floating tag ${quoted(tag)}`, "a floating tag"),
      why: "it moves on with each release",
      write,
    };
  }
  return isPartialVersion(tag)
    ? {
        kind: "partial",
        what: tagged(`the partial version ${quoted(tag)}`, "a partial version as its tag"),
        why: "it moves on with each release below it",
        write,
      }
    : undefined;
}

function registryTold(
  place: TextPlace,
  { registry }: ImageReference,
  registries: readonly string[],
): Unplaced | undefined {
  if (registries.length === 0 || registries.some((each) => each.toLowerCase() === registry.toLowerCase())) {
    return undefined;
  }
  return {
    kind: "registry",
    what: place.hidden
      ? `${shown(place)} has a registry that is not allowed`
      : `${shown(place)} has the registry ${quoted(registry)}, which is not allowed`,
    why: "only images from known registries have been looked at",
    write: `an image of ${registries.join(" or ")}`,
  };
}

/** What is missing at a place until its digest says which bytes run. */
export function digestFindings(place: ImagePlace): Finding[] {
  if (place.kind === "tag") return [{ ...undigestedTold(place), path: place.path }];
  if (place.kind === "built") return [{ ...builtTold, path: place.path }];
  if (place.kind !== "text" || place.use === "made") return [];
  const reference = readImageReference(place.text);
  if ("problem" in reference) return [];
  const told = digestTold(place, reference);
  return told === undefined ? [] : [{ ...told, path: place.path, reference }];
}

const builtTold: Unplaced = {
  kind: "built",
  what: "the image is built by this update",
  why: "its digest is known only after the review",
  write: "an image that was built and pushed before, by its digest",
};

function digestTold(place: TextPlace, reference: ImageReference): Unplaced | undefined {
  const { digest } = reference;
  const write = whatToWrite(place, reference);
  if (digest === undefined) {
    return {
      kind: "noDigest",
      what: `${shown(place)} has no digest`,
      why: "the registry can give other bytes for the same tag",
      write,
    };
  }
  if (digest === zeros) {
    return {
      kind: "placeholder",
      what: `${shown(place)} has the placeholder digest of zeros`,
      why: "no image has it",
      write,
    };
  }
  return digest.startsWith("sha256:") || digest.startsWith("sha512:")
    ? undefined
    : {
        kind: "otherDigest",
        what: `${shown(place)} has a digest that is neither sha256 nor sha512`,
        why: "a registry or an engine may not know it",
        write,
      };
}

function shown({ text, hidden }: TextPlace): string {
  return hidden ? "the image in a secret (not shown here)" : `image ${quoted(text)}`;
}

/** The reference as its author wrote it, without tag and digest. */
function named({ text }: TextPlace): string {
  const at = text.lastIndexOf("@");
  const tagged = at < 0 ? text : text.slice(0, at);
  const colon = tagged.indexOf(":", tagged.lastIndexOf("/") + 1);
  return colon < 0 ? tagged : tagged.slice(0, colon);
}

function whatToWrite(place: TextPlace, { tag }: ImageReference): string {
  if (place.hidden) return "<repository>:<version>@sha256:<64 hex digits>";
  const isVersion = tag !== undefined && !saysLatest(tag);
  if (place.use === "made") return `${named(place)}:<version>, a name that is given once`;
  const version = isVersion ? tag : "<version>";
  const asked = isVersion ? `${named(place)}:${tag}` : named(place);
  return `${named(place)}:${version}@sha256:<64 hex digits> (or run: docker buildx imagetools inspect ${asked})`;
}
