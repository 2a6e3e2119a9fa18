import { containerOf } from "../../config/rollout.ts";
import { variableIn } from "../../config/variable.ts";
import type { Platform } from "../../platforms/platform.ts";
import type { Situation } from "./situation.ts";

/** The values that a container has. */
export interface Held {
  /** By the names of the secrets. */
  named: Readonly<Record<string, string>>;
  /** Undefined: it has none. */
  token: string | undefined;
}

/**
 * Of the workloads whose new values wait for their wave: those that their containers have. The stack has the new ones alone.
 * Whoever gets this hands it on as a secret and keeps it nowhere.
 */
export async function heldSecrets(
  situations: readonly Pick<Situation, "input" | "config" | "keepsSecrets" | "observed">[],
  platform: Pick<Platform, "unit">,
): Promise<ReadonlyMap<string, Held>> {
  const holding = situations.filter(({ keepsSecrets, observed }) => keepsSecrets && observed !== undefined);
  return new Map(
    await Promise.all(
      holding.map(async ({ input, config }) => {
        const { environment = [] } = (await platform.unit(input.container)) ?? {};
        const { secrets, tokenVariable } = containerOf(config);
        const token = tokenVariable === undefined ? undefined : variableIn(environment, tokenVariable);
        return [input.name, { named: valuesIn(environment, secrets), token }] as const;
      }),
    ),
  );
}

function valuesIn(
  environment: readonly string[],
  secrets: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(secrets).flatMap(([variable, name]) => {
      const value = variableIn(environment, variable);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
