import type Docker from "dockerode";
import { digestIn, withoutDigest } from "../../config/digest.ts";
import { inspectImage } from "./image.ts";

/** A reference with the digest that the engine knows for its image; undefined: it knows none. */
export function withDigest(reference: string, digests: readonly string[]): string | undefined {
  if (reference.includes("@")) return reference;
  // What a container was started with may be no reference at all, as the id of an image.
  const [, repository = reference, tag = "latest"] = /^(.*):([^:/]+)$/.exec(reference) ?? [];
  // The engine writes the names of the Hub short, and the same way in both.
  const found = digests.find((each) => withoutDigest(each) === repository) ?? digests[0];
  return found && `${withoutDigest(found)}:${tag}@${digestIn(found)}`;
}

/** The same of a container, which may have been started by a tag; the text itself where no digest is known. */
export async function pinnedReference(docker: Docker, reference: string, imageId: string): Promise<string> {
  if (reference.includes("@")) return reference;
  return withDigest(reference, (await inspectImage(docker, imageId))?.RepoDigests ?? []) ?? reference;
}
