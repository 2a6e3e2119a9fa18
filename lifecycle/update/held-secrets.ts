import { containerOf } from "../../config/rollout.ts";
import type { Platform } from "../../platforms/platform.ts";
import { variableIn } from "../variable.ts";
import type { Situation } from "./situation.ts";

/**
 * Of the workloads whose new values wait for their wave: name of a secret -> the value that their containers have. The
 * stack has the new one alone. Whoever gets this hands it on as a secret and keeps it nowhere.
 */
export async function heldSecrets(
  situations: readonly Pick<Situation, "input" | "config" | "keepsSecrets" | "observed">[],
  platform: Pick<Platform, "unit">,
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  const holding = situations.filter(({ keepsSecrets, observed }) => keepsSecrets && observed !== undefined);
  return new Map(
    await Promise.all(
      holding.map(async ({ input, config }) => {
        const { environment = [] } = (await platform.unit(input.container)) ?? {};
        return [input.name, valuesIn(environment, containerOf(config).secrets)] as const;
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
