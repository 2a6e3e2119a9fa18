import { fingerprint } from "../../config/fingerprint.ts";
import { type RehearsalConfig, usualRehearsal } from "../../config/rehearsal-schema.ts";
import { splitVariable } from "../../config/variable.ts";
import type { StartSettings } from "../../platforms/platform.ts";
import { configuredStart } from "../snapshot/configured-start.ts";
import type { Workload } from "../workload.ts";

type Rehearsed = Pick<Workload, "rehearse" | "migrate" | "made" | "startedWith" | "tokenVariable">;

export function rehearsalOf({ rehearse }: Pick<Workload, "rehearse">): RehearsalConfig {
  return rehearse ?? usualRehearsal;
}

/** Of the migration's steps: with others it is another rehearsal. */
export function migrationPrint({ migrate = [] }: Pick<Workload, "migrate">): string {
  return fingerprint(migrate);
}

/** In place of a secret that is not needed for a start. */
export const placeholder = "rehearsal";

/**
 * As the new version's container will be started, on a copy and before it has proved anything: with the values of those
 * secrets alone that the configuration names, and with a token of its own.
 *
 * @param served - variables of the container that serves, `NAME=value`.
 * @returns what is named and not there, too.
 */
export function strangersStart(
  workload: Rehearsed,
  served: readonly string[],
): { start: StartSettings; missing: string[] } {
  const { secrets: named } = rehearsalOf(workload);
  const values = new Map(served.map(splitVariable));
  const all = [...secretVariables(workload), ...named];
  const secrets = Object.fromEntries(
    all.map((name) => [name, (named.includes(name) ? values.get(name) : undefined) ?? placeholder]),
  );
  return {
    start: withSecrets(workload, secrets, ""),
    missing: named.filter((name) => !values.has(name)),
  };
}

/** The same with all its secrets, for what works on the state itself. */
export function ownStart(workload: Rehearsed, served: readonly string[], token: string): StartSettings {
  const values = new Map(served.map(splitVariable));
  const known = secretVariables(workload).flatMap((name): [string, string][] => {
    const value = values.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  return withSecrets(workload, Object.fromEntries(known), token);
}

function withSecrets(workload: Rehearsed, secrets: Record<string, string>, token: string): StartSettings {
  const { startedWith } = workload;
  const environment = { ...startedWith.environment, ...secrets };
  const secret = Object.keys(secrets).filter((name) => secrets[name] !== placeholder);
  return configuredStart({ ...workload, startedWith: { ...startedWith, environment, secret } }, token);
}

/** Variables whose values nobody may see. */
export function secretVariables({ made }: Pick<Workload, "made">): string[] {
  const { secrets = {}, instanceSecrets = {} } = made?.later ?? {};
  return [...new Set([...Object.keys(secrets), ...Object.keys(instanceSecrets)])];
}
