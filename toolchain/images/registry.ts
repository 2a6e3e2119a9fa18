import { SetUpError } from "../set-up-error.ts";

/** The registry runs on this machine: only one that hangs takes so long. */
const answerMs = 10 * 60_000;

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
    signal: AbortSignal.timeout(answerMs),
  }).catch(() => {
    throw new SetUpError(
      `The registry at ${registry} does not answer: start again, which starts it anew when it has ended.`,
    );
  });
  if (answer.status === 404) return undefined;
  const digest = answer.headers.get("docker-content-digest");
  if (!answer.ok || digest === null) {
    throw new SetUpError(
      `The registry at ${registry} answered ${answer.status} without a digest when asked for ${repository}: look into its log, then start again.`,
    );
  }
  return digest;
}
