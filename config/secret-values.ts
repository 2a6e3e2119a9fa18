import { createHmac, scryptSync } from "node:crypto";

/**
 * Name of a secret -> what tells one of its values from another. It stands in records and in the stack's state: nobody can
 * try values against it who does not have the stack's snapshot password, and it shows no two secrets with one value.
 */
export type SecretPrints = Readonly<Record<string, string>>;

/** Of the name as well, so that one value under two names gives two prints. 24 hex digits each. */
export function secretPrints(values: Readonly<Record<string, string>>, password: string): SecretPrints {
  const entries = Object.entries(values);
  if (entries.length === 0) return {};
  // Derived at a price, should the password be one that a person has made up.
  const key = scryptSync(password, "clawforce values of secrets", 32);
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      createHmac("sha256", key)
        .update(JSON.stringify([name, value]))
        .digest("hex")
        .slice(0, 24),
    ]),
  );
}

/** What has a print beside the secrets that containers name: no such secret can be called so. */
export const tokenPrint = (instance: string) => `gatewayTokens.${instance}`;
export const passwordPrint = "controlPlanePassword";

/** The values of all secrets that containers get, by the names of their prints. */
export function secretValues(held: {
  named: Readonly<Record<string, string>>;
  gatewayTokens: Readonly<Record<string, string>>;
  controlPlanePassword: string | undefined;
}): Record<string, string> {
  const tokens = Object.entries(held.gatewayTokens).map(([name, token]) => [tokenPrint(name), token]);
  const { controlPlanePassword: password } = held;
  return {
    ...held.named,
    ...Object.fromEntries(tokens),
    ...(password !== undefined && { [passwordPrint]: password }),
  };
}

type Variables = Readonly<Record<string, string>>;

/** What a container has of secrets: variable -> name, and variable -> print of the value as far as that is known. */
export interface SecretPart {
  secrets?: Variables | undefined;
  secretValues?: Variables | undefined;
  instanceSecrets?: Variables | undefined;
  instanceSecretValues?: Variables | undefined;
  /** Print of its gateway's token, or of the password that a control plane's container gets. */
  tokenValue?: string | undefined;
}

const pairs = [
  ["secrets", "secretValues"],
  ["instanceSecrets", "instanceSecretValues"],
] as const;

/** The prints of these variables, in order; undefined where none is known. */
export function printsOf(secrets: Variables = {}, prints: SecretPrints = {}): Variables | undefined {
  const known = Object.entries(secrets).flatMap(([variable, name]): [string, string][] => {
    const print = prints[name];
    return print === undefined ? [] : [[variable, print]];
  });
  return known.length === 0 ? undefined : Object.fromEntries(known.toSorted(inOrder));
}

function inOrder([one]: [string, string], [other]: [string, string]): number {
  return one < other ? -1 : 1;
}

/**
 * A value that is not known on one side makes no difference: records of old have none, and who reads the stack file without
 * its passphrase knows none. So what is known of the same secret on the other side counts for both.
 */
export function withKnownValues<Part extends SecretPart>(part: Part, other: SecretPart): Part {
  const learned = pairs.flatMap(([names, values]) => {
    const all = Object.entries(part[names] ?? {}).flatMap(([variable, name]): [string, string][] => {
      const same = other[names]?.[variable] === name ? other[values]?.[variable] : undefined;
      const print = part[values]?.[variable] ?? same;
      return print === undefined ? [] : [[variable, print]];
    });
    return all.length === 0 ? [] : [[values, Object.fromEntries(all.toSorted(inOrder))]];
  });
  const { secretValues: _, instanceSecretValues: __, tokenValue = other.tokenValue, ...others } = part;
  return {
    ...others,
    ...Object.fromEntries(learned),
    ...(tokenValue !== undefined && { tokenValue }),
  } as Part;
}

/** Whether a container with one part has other variables than one with the other. */
export function otherSecrets(one: SecretPart, other: SecretPart): boolean {
  const [a, b] = [withKnownValues(one, other), withKnownValues(other, one)];
  return pairs.flat().some((key) => textOf(a[key]) !== textOf(b[key])) || a.tokenValue !== b.tokenValue;
}

/** Whether what only this workload has for itself is another value: its token, or a secret of its own. */
export function otherOwnValues(one: SecretPart, other: SecretPart): boolean {
  const [a, b] = [withKnownValues(one, other), withKnownValues(other, one)];
  return a.tokenValue !== b.tokenValue || textOf(a.instanceSecretValues) !== textOf(b.instanceSecretValues);
}

function textOf(variables: Variables = {}): string {
  return JSON.stringify(Object.entries(variables).toSorted(inOrder));
}
