/** The digest of an image reference, `sha256:…`; the text itself where it has none, as an image's id. */
export function digestIn(reference: string): string {
  return reference.slice(reference.lastIndexOf("@") + 1);
}

/** The reference as one asks a registry: everything but the digest. */
export function withoutDigest(reference: string): string {
  const at = reference.lastIndexOf("@");
  return at < 0 ? reference : reference.slice(0, at);
}
