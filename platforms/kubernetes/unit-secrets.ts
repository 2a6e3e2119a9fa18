import type { UnitSpec } from "../resources.ts";

export interface SecretVariable {
  variable: string;
  /** Name of the Secret, and the key in it. */
  secret: string;
  key: string;
}

/** The key of its own token: no secret of a stack can be called so. */
export const tokenKey = "gateway.token";

/** The variables of a unit whose values stand in its Secret. */
export function secretsOf({
  name,
  container: { tokenVariable, secrets = {} },
}: Pick<UnitSpec, "name" | "container">): SecretVariable[] {
  const secret = secretName(name);
  const named = Object.entries(secrets).map(([variable, key]) => ({ variable, secret, key }));
  return [
    ...(tokenVariable === undefined ? [] : [{ variable: tokenVariable, secret, key: tokenKey }]),
    ...named,
  ];
}

export function secretName(unit: string): string {
  return `${unit}-secrets`;
}
