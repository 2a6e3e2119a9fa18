import { z } from "zod";
import { argv, doc, variableName } from "./fields.ts";
import { seconds } from "./units.ts";

export const rehearsal = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .meta(
      doc(
        "Whether a new version is started on a copy of the state before anything is stopped. `false` saves its time and memory, and leaves it to the update to find out.",
        false,
      ),
    ),
  deadline: seconds
    .default(300)
    .meta(doc("How long a version may take to become healthy on the copy.", "10m")),
  maximumAge: seconds
    .default(7 * 86_400)
    .meta(
      doc(
        "How long a passed rehearsal counts for the same two images with the same `migrate`. Then the next preparation rehearses again.",
        "2d",
      ),
    ),
  secrets: z
    .array(variableName)
    .default([])
    .meta(
      doc(
        "Variables with secrets that the new version gets with their values. All others have a placeholder there. Default: none.",
        ["STATE_ENCRYPTION_KEY"],
      ),
    ),
});

const migrationStep = z.strictObject({
  command: argv.meta(
    doc("Program and arguments, run by the new version's image.", [
      "openclaw",
      "doctor",
      "--fix",
      "--non-interactive",
    ]),
  ),
  deadline: seconds.default(600).meta(doc("How long it may take on a small state.", "5m")),
  perGigabyte: seconds.default(300).meta(doc("Time on top of that for each GB of state.", "2m")),
});

export const usualRehearsal = rehearsal.parse({});

/** What a new version's image does to a state that nothing has open, before it is started on it. */
export const migrate = z
  .array(migrationStep)
  .min(1)
  .optional()
  .meta(
    doc(
      "What the new version's image does to the stopped state before it starts, in this order. Each step must end with exit code 0. Default: nothing.",
      [{ command: ["openclaw", "doctor", "--fix", "--non-interactive"] }],
    ),
  );

export type RehearsalConfig = z.output<typeof rehearsal>;
export type MigrationStep = z.output<typeof migrationStep>;
