import { z } from "zod";
import { argv, pattern, port, urlPath } from "./fields.ts";
import { seconds } from "./units.ts";

/** What every check has. `deadline` bounds all its attempts together; attempts are `interval` apart. */
const checkBase = {
  name: z.string().min(1).optional(),
  severity: z.enum(["critical", "warning"]).default("critical"),
  deadline: seconds.default(15),
  interval: seconds.default(1),
};

export const checkSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("http"),
    ...checkBase,
    path: urlPath,
    port: port.optional(),
    status: z.int().min(100).max(599).default(200),
    /** Fields of the JSON body as dotted path -> wanted value. Never empty: a status code alone lies. */
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
      ),
  }),
  z.strictObject({
    kind: z.literal("command"),
    ...checkBase,
    argv,
    exitCode: z.int().min(0).max(255).default(0),
    output: pattern.optional(),
  }),
  z.strictObject({
    kind: z.literal("version"),
    ...checkBase,
    argv: argv.default(["openclaw", "--version"]),
  }),
  z
    .strictObject({
      kind: z.literal("logs"),
      ...checkBase,
      appear: z.array(pattern).default([]),
      absent: z.array(pattern).default([]),
    })
    .refine(
      (logs) => logs.appear.length + logs.absent.length > 0,
      "the check looks for nothing. Name a pattern under `appear` or `absent`",
    ),
  /** A login with the account of the control plane, new each time, and who it says that we are. */
  z.strictObject({
    kind: z.literal("login"),
    ...checkBase,
    path: urlPath.default("/api/v1/auth/login"),
    me: urlPath.default("/api/v1/auth/me"),
  }),
  /** The build that answers: it must have changed with the image, and only with it. */
  z.strictObject({
    kind: z.literal("build"),
    ...checkBase,
    path: urlPath.default("/health"),
    field: z.string().min(1).default("build_date"),
  }),
  /** Each channel that was connected before the update. */
  z.strictObject({
    kind: z.literal("channels"),
    ...checkBase,
    deadline: seconds.default(60),
    argv: argv.default(["openclaw", "channels", "status", "--probe", "--json"]),
    /** Passes a gateway that had no channel before either. */
    allowNone: z.boolean().default(false),
  }),
  /** One turn of a model, answered by the expected one. */
  z.strictObject({
    kind: z.literal("conversation"),
    ...checkBase,
    deadline: seconds.default(90),
    argv: argv.default([
      "openclaw",
      "agent",
      "--agent",
      "main",
      "--message",
      "Answer with one word: pong",
      "--json",
    ]),
    /** Model that has to answer, as the gateway names it: `anthropic/claude-haiku-4-5`. */
    model: z.string().min(1).optional(),
    output: pattern.optional(),
  }),
  /** What must not have become less since before the update. */
  z.strictObject({
    kind: z.literal("unchanged"),
    ...checkBase,
    deadline: seconds.default(60),
    what: z.array(z.enum(["instances", "backups", "sessions", "channels"])).min(1),
  }),
  /** Sessions that are pinned to another model than the configured one. */
  z.strictObject({
    kind: z.literal("pins"),
    ...checkBase,
    severity: checkBase.severity.unwrap().default("warning"),
    deadline: seconds.default(30),
  }),
  /** A program of the operator, run where the update is run. */
  z.strictObject({
    kind: z.literal("workflow"),
    ...checkBase,
    deadline: seconds.default(300),
    argv,
    exitCode: z.int().min(0).max(255).default(0),
    output: pattern.optional(),
  }),
]);

export type Check = z.output<typeof checkSchema>;
export type CheckInput = z.input<typeof checkSchema>;
