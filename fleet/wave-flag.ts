import { CommandFailure } from "./command.ts";

/** The wave that a flag names; undefined: the flag was not given. */
export function waveFlag(value: string | boolean | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string" || !/^\d{1,4}$/.test(value)) {
    throw new CommandFailure(
      `--to-wave ${JSON.stringify(value)} is no wave. Write its number, as in --to-wave 1.`,
    );
  }
  return Number(value);
}
