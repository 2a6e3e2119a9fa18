import type { ImageReference } from "../../policies/image-reference.ts";

/** What a reference says, as one text. */
export function written({ registry, path, tag, digest }: ImageReference): string {
  const tagged = tag === undefined ? `${registry}/${path}` : `${registry}/${path}:${tag}`;
  return digest === undefined ? tagged : `${tagged}@${digest}`;
}
