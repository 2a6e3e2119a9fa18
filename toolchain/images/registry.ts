const manifestTypes = [
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
].join(", ");

/**
 * The digest under which a registry on this machine has a manifest, undefined when it does not have it.
 * @param reference a tag or a digest
 */
export async function manifestDigest(
  registry: string,
  repository: string,
  reference: string,
): Promise<string | undefined> {
  const url = `http://${registry}/v2/${repository}/manifests/${reference}`;
  const answer = await fetch(url, {
    method: "HEAD",
    headers: { accept: manifestTypes },
    signal: AbortSignal.timeout(10_000),
  });
  if (answer.status === 404) return undefined;
  const digest = answer.headers.get("docker-content-digest");
  if (!answer.ok || digest === null) throw new Error(`${url} answered ${answer.status} without a digest`);
  return digest;
}
