import type { Situation } from "../lifecycle/update/situation.ts";
import type { NextWave } from "./next-wave.ts";

/** Gateways that run already come first: nothing is rolled out beside an adoption. Undefined: there is none. */
export function adoptionStep(surveyed: readonly Pick<Situation, "config" | "move">[]): NextWave | undefined {
  const adopted = surveyed.flatMap(({ config, move }) =>
    move.kind === "adopt" && config.group !== undefined
      ? [{ group: config.group, container: move.stranger.name }]
      : [],
  );
  if (adopted.length === 0) return undefined;
  return {
    groups: [...new Set(adopted.map(({ group }) => group))],
    title: `adoption of ${adopted.map(({ container }) => container).join(", ")}`,
    edits: [],
  };
}

/** Said when it has failed. There is nothing to take back: what did not pass has its old container again. */
export function afterFailedAdoption(stack: string): string {
  return [
    "Where the adoption did not pass, the container of before serves again. What had passed before that stays adopted.",
    `To go on, once the cause is gone: fleet update --stack ${stack}`,
    "",
  ].join("\n");
}
