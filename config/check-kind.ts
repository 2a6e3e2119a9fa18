import { z } from "zod";
import { doc } from "./fields.ts";
import type { Path, Problem } from "./problem.ts";
import type { Track } from "./track.ts";
import { seconds } from "./units.ts";

/** What the configuration has to know of a kind of check. The kinds themselves are `lifecycle/checks/kinds.ts`. */
export interface CheckDeclaration {
  /** What stands under `kind`. */
  name: string;
  schema: CheckObject;
  /** The tracks that it may stand on. */
  tracks: readonly Track[];
  /** What its fields ask for that this track does not have. */
  problems?(path: Path, written: unknown, track: Track): Problem[];
}

/** Of whatever kind; its kind's own fields are in it too. */
export interface Check {
  kind: string;
  name?: string | undefined;
  severity: "critical" | "warning";
  /** Seconds for all attempts together. */
  deadline: number;
  /** Seconds between two attempts. */
  interval: number;
}

/** As one writes it. */
export interface CheckInput {
  kind: string;
  [field: string]: unknown;
}

export type CheckObject = z.ZodObject<{ kind: z.ZodLiteral<string> }> & z.ZodType<Check>;
export type CheckSchema = z.ZodType<Check, CheckInput>;

const severityMeaning =
  "What a failure does. `critical` fails the update; `warning` is recorded and shown, and stops nothing.";

/** What every check has. */
export const checkBase = {
  name: z
    .string()
    .min(1)
    .optional()
    .meta(
      doc("Name of the check in messages and records. Default: made from its kind and its fields.", "health"),
    ),
  severity: severity("critical", "warning"),
  deadline: within(15),
  interval: seconds.default(1).meta(doc("Time between two attempts.", "5s")),
};

export function severity(usual: Check["severity"], example: Check["severity"]) {
  return z.enum(["critical", "warning"]).default(usual).meta(doc(severityMeaning, example));
}

/** @param limit seconds, unless the configuration says otherwise. */
export function within(limit: number) {
  return seconds.default(limit).meta(doc("Time for all attempts together.", "60s"));
}

/** Of a check that asks a model for a turn each time: seconds between two attempts, and between two rounds of a bake. */
export const turnInterval = seconds
  .default(15)
  .meta(doc("Time between two attempts. Each attempt costs a turn.", "30s"));
export const turnEvery = seconds
  .default(600)
  .meta(doc("Time between two turns in a bake. The first and the last round always ask for one.", "30m"));

/** A check of any of these kinds. */
export function checkSchemaOf(kinds: readonly CheckDeclaration[]): CheckSchema {
  const [first, ...rest] = kinds.map(({ schema }) => schema);
  if (first === undefined) throw new Error("There is no kind of check.");
  // What zod infers of a list is nothing that each entry has.
  return z.discriminatedUnion("kind", [first, ...rest]).meta({ id: "check" }) as unknown as CheckSchema;
}
