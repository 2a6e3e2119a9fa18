import { quoted, type Told } from "./verdict.ts";

/** `latest` in any case, and what moves with it: `latest-arm64`, `1-latest`. */
export function saysLatest(tag: string): boolean {
  return tag.toLowerCase().split(/[-_.]/).includes("latest");
}

/** `1`, `v1`, `1.2`: a registry gives it to each release below. Longer ones, dates and hashes are not among them. */
export function isPartialVersion(tag: string): boolean {
  return /^v?\d{1,3}(\.\d{1,3})?$/.test(tag);
}

/** A tag whose repository stands elsewhere. */
export interface TagAlone {
  tag: string;
  hidden: boolean;
}

type TagKind = "latest" | "floating" | "partial" | "noDigest";

const withDigest = "the digest beside the tag: sha256:<64 hex digits>";

/** What is to be said of a tag alone, the heaviest first. */
export function tagAloneTold(place: TagAlone, isFloating: boolean): (Told & { kind: TagKind }) | undefined {
  const { tag } = place;
  const told = (kind: TagKind, what: string, why: string) => ({ kind, what, why, write: withDigest });
  if (saysLatest(tag)) return told("latest", `${shown(place)} says latest`, "it changes without a review");
  if (isFloating)
    return told("floating", `${shown(place)} is a floating one`, "it moves on with each release");
  return isPartialVersion(tag)
    ? told("partial", `${shown(place)} is a partial version`, "it moves on with each release below it")
    : undefined;
}

/** That such an image has no digest. */
export function undigestedTold(place: TagAlone): Told & { kind: TagKind } {
  return {
    ...{ kind: "noDigest", what: `${shown(place)} has no digest beside it`, write: withDigest },
    why: "the registry can give other bytes for the same tag",
  };
}

/** The repository is not said where the tag is. */
function shown({ tag, hidden }: TagAlone): string {
  return hidden ? "the tag of the image in a secret (not shown here)" : `the tag ${quoted(tag)} of the image`;
}
