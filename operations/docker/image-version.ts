import type Docker from "dockerode";
import { withoutDigest } from "../../config/digest.ts";

/** What an image on the host says it is: its OCI version label; without one the tag of the reference. */
export async function versionOfImage(docker: Docker, reference: string): Promise<string> {
  const info = await docker.getImage(reference).inspect();
  const label = info.Config?.Labels?.["org.opencontainers.image.version"];
  const named = withoutDigest(reference);
  const name = named.slice(named.lastIndexOf("/") + 1);
  const tag = name.includes(":") ? name.slice(name.indexOf(":") + 1) : undefined;
  const version = label ?? tag;
  if (version === undefined) {
    throw new Error(`${reference} has neither a version label nor a tag: there is nothing to compare with`);
  }
  return version;
}
