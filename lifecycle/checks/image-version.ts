import { withoutDigest } from "../../config/digest.ts";
import type { Platform } from "../../platforms/platform.ts";

/** What an image says it is: its OCI version label; without one the tag of the reference. */
export async function versionOfImage(
  platform: Pick<Platform, "imageVersion">,
  reference: string,
): Promise<string> {
  const label = await platform.imageVersion(reference);
  const named = withoutDigest(reference);
  const name = named.slice(named.lastIndexOf("/") + 1);
  const tag = name.includes(":") ? name.slice(name.indexOf(":") + 1) : undefined;
  const version = label ?? tag;
  if (version === undefined) {
    throw new Error(`${reference} has neither a version label nor a tag: there is nothing to compare with`);
  }
  return version;
}
