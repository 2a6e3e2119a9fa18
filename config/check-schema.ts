import { z } from "zod";
import { argv, pattern, port, urlPath } from "./fields.ts";
import { seconds } from "./units.ts";

/** What every check has. */
const checkBase = {
  name: z.string().min(1).optional().describe("What messages and records call it."),
  severity: z
    .enum(["critical", "warning"])
    .default("critical")
    .describe("A warning is recorded and shown, and stops nothing."),
  deadline: within(15),
  interval: seconds.default(1).describe("Between two attempts."),
};

/** @param limit seconds, unless the configuration says otherwise. */
function within(limit: number) {
  return seconds.default(limit).describe("For all attempts together.");
}

export const checkSchema = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("http"),
      ...checkBase,
      path: urlPath,
      port: port.optional().describe("Default: the container's."),
      status: z.int().min(100).max(599).default(200),
      body: z
        .record(
          z.string(),
          z.union(
            [z.string(), z.number(), z.boolean()],
            "expected a text, a number, true or false. Write the field's wanted value",
          ),
        )
        .refine(
          (fields) => Object.keys(fields).length > 0,
          "no field of the body is checked, and a status code alone proves nothing. Name one, as in `status: live`",
        )
        .meta({
          description: "Fields of the JSON body: dotted path and wanted value. A status code alone lies.",
          minProperties: 1,
        }),
    }),
    z.strictObject({
      kind: z.literal("command"),
      ...checkBase,
      argv: argv.describe("Run inside the workload's container."),
      exitCode: z.int().min(0).max(255).default(0),
      output: pattern.optional().describe("Must match the standard output."),
    }),
    z.strictObject({
      kind: z.literal("version"),
      ...checkBase,
      argv: argv
        .default(["openclaw", "--version"])
        .describe("Must say the version that the image's label or tag says."),
    }),
    z
      .strictObject({
        kind: z.literal("logs"),
        ...checkBase,
        appear: z.array(pattern).default([]).describe("Must be in the container's log since its start."),
        absent: z.array(pattern).default([]).describe("Must not be in the container's log since its start."),
      })
      .refine(
        (logs) => logs.appear.length + logs.absent.length > 0,
        "the check looks for nothing. Name a pattern under `appear` or `absent`",
      ),
    /** A login with the account of the control plane, new each time, and who it says that we are. */
    z.strictObject({ kind: z.literal("login"), ...checkBase }),
    /** The build that answers: it must have changed with the image, and only with it. */
    z.strictObject({
      kind: z.literal("build"),
      ...checkBase,
      path: urlPath.default("/health"),
      field: z.string().min(1).default("build_date").describe("Changes with the image, and only with it."),
    }),
    /** Each channel that was connected before the update. */
    z.strictObject({
      kind: z.literal("channels"),
      ...checkBase,
      deadline: within(180),
      argv: argv.default(["openclaw", "channels", "status", "--probe", "--json"]),
      allowNone: z.boolean().default(false).describe("Pass a gateway that had no channel before either."),
    }),
    /** One turn of a model, answered by the expected one. */
    z.strictObject({
      kind: z.literal("conversation"),
      ...checkBase,
      deadline: within(90),
      interval: seconds.default(15).describe("Between two attempts: each of them costs a turn."),
      argv: argv
        .optional()
        .describe("Default: `openclaw agent` with a short question to the default agent, else to `main`."),
      asBefore: z
        .boolean()
        .default(false)
        .describe(
          "Try no turn where openclaw.json names no model, and pass over one that failed before the update too.",
        ),
      every: seconds
        .default(600)
        .describe("Between two turns in a bake: it asks for one in its first and in its last round too."),
      model: z
        .string()
        .min(1)
        .optional()
        .describe("Must have answered, as the gateway names it: anthropic/claude-haiku-4-5."),
      output: pattern.optional().describe("Must match the reply."),
    }),
    /** What must not have become less, or another one, since before the update. */
    z.strictObject({
      kind: z.literal("unchanged"),
      ...checkBase,
      deadline: within(180),
      what: z
        .array(
          z.enum([
            "instances",
            "backups",
            "users",
            "settings",
            "secret",
            "sessions",
            "channels",
            "configuration",
          ]),
        )
        .min(1)
        .describe(
          "Instances, backups, users, settings and a secret of a control plane; sessions, channels and configuration (keys of openclaw.json) of a gateway.",
        ),
      except: z.array(z.string().min(1)).default([]).describe("Settings that an update may change, by name."),
    }),
    /** Sessions that are pinned to another model than the configured one. */
    z.strictObject({
      kind: z.literal("pins"),
      ...checkBase,
      severity: checkBase.severity.unwrap().default("warning"),
      deadline: within(30),
    }),
    /** A program of the operator, run where the update is run. */
    z.strictObject({
      kind: z.literal("workflow"),
      ...checkBase,
      deadline: within(300),
      argv: argv.describe("Run once, on the machine that updates."),
      exitCode: z.int().min(0).max(255).default(0),
      output: pattern.optional().describe("Must match the standard output."),
    }),
  ])
  .meta({ id: "check" });

export type Check = z.output<typeof checkSchema>;
export type CheckInput = z.input<typeof checkSchema>;
