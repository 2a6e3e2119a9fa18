/** A text in which each of these values is hidden. One that is shorter than 4 characters stands in any text, and is no secret. */
export function withoutSecrets(secrets: readonly string[], text: string): string {
  return secrets
    .filter((secret) => secret.length >= 4)
    .reduce((left, secret) => left.replaceAll(secret, "[secret]"), text);
}
