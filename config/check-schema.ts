import { z } from "zod";
import { argv, doc, pattern, port, urlPath } from "./fields.ts";
import { seconds } from "./units.ts";

const severityMeaning =
  "What a failure does. `critical` fails the update; `warning` is recorded and shown, and stops nothing.";
const outputMeaning = "Pattern that the standard output must match. Default: any output.";
const exitCodeMeaning = "Exit code that counts as passed.";

/** What every check has. */
const checkBase = {
  name: z
    .string()
    .min(1)
    .optional()
    .meta(
      doc("Name of the check in messages and records. Default: made from its kind and its fields.", "health"),
    ),
  severity: z.enum(["critical", "warning"]).default("critical").meta(doc(severityMeaning, "warning")),
  deadline: within(15),
  interval: seconds.default(1).meta(doc("Time between two attempts.", "5s")),
};

/** @param limit seconds, unless the configuration says otherwise. */
function within(limit: number) {
  return seconds.default(limit).meta(doc("Time for all attempts together.", "60s"));
}

export const checkSchema = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z
        .literal("http")
        .describe("Sends a request from inside the workload's network, and compares the answer."),
      ...checkBase,
      path: urlPath.meta(doc("Path of the request.", "/readyz")),
      port: port.optional().meta(doc("Port of the request. Default: that of the container.", 8080)),
      status: z.int().min(100).max(599).default(200).meta(doc("Status that the answer must have.", 204)),
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
          ...doc("Fields that the JSON body must have: a dotted path and the wanted value for each.", {
            ready: true,
          }),
          minProperties: 1,
        }),
    }),
    z.strictObject({
      kind: z
        .literal("command")
        .describe("Runs a command inside the container, and compares its exit code and output."),
      ...checkBase,
      argv: argv.meta(doc("Command inside the workload's container.", ["openclaw", "health", "--json"])),
      exitCode: z.int().min(0).max(255).default(0).meta(doc(exitCodeMeaning, 1)),
      output: pattern.optional().meta(doc(outputMeaning, '"ok":\\s*true')),
    }),
    z.strictObject({
      kind: z
        .literal("version")
        .describe("Compares the version that the program prints with that of the image."),
      ...checkBase,
      argv: argv
        .default(["openclaw", "--version"])
        .meta(
          doc("Command that must print the version of the image's label, else of its tag.", [
            "node",
            "app.js",
            "--version",
          ]),
        ),
    }),
    z
      .strictObject({
        kind: z.literal("logs").describe("Looks for patterns in the container's log."),
        ...checkBase,
        appear: z
          .array(pattern)
          .default([])
          .meta(
            doc("Patterns that must be in the container's log since its start.", ["\\[gateway\\] ready"]),
          ),
        absent: z
          .array(pattern)
          .default([])
          .meta(
            doc("Patterns that must not be in the container's log since its start.", ["Cannot find package"]),
          ),
      })
      .refine(
        (logs) => logs.appear.length + logs.absent.length > 0,
        "the check looks for nothing. Name a pattern under `appear` or `absent`",
      ),
    z.strictObject({
      kind: z
        .literal("login")
        .describe("Logs in to the control plane with `account`, and asks whose session it is."),
      ...checkBase,
    }),
    z.strictObject({
      kind: z
        .literal("build")
        .describe(
          "Asks the control plane which build answers: it must have changed with the image, and only with it.",
        ),
      ...checkBase,
      path: urlPath.default("/health").meta(doc("Path of the request.", "/version")),
      field: z
        .string()
        .min(1)
        .default("build_date")
        .meta(doc("Field of the JSON body that changes with the image, and only with it.", "commit")),
    }),
    z.strictObject({
      kind: z
        .literal("channels")
        .describe("Asks the gateway for its channels. Each one that was up before the update must be up."),
      ...checkBase,
      deadline: within(180),
      argv: argv
        .default(["openclaw", "channels", "status", "--probe", "--json"])
        .meta(
          doc("Command inside the container that prints the channels as JSON.", [
            ...["runuser", "-u", "claworc", "--"],
            ...["openclaw", "channels", "status", "--probe", "--json"],
          ]),
        ),
      allowNone: z
        .boolean()
        .default(false)
        .meta(doc("True passes a gateway that had no channel before the update either.", true)),
    }),
    z.strictObject({
      kind: z.literal("conversation").describe("Asks a model for one turn through the gateway."),
      ...checkBase,
      deadline: within(90),
      interval: seconds.default(15).meta(doc("Time between two attempts. Each attempt costs a turn.", "30s")),
      argv: argv
        .optional()
        .meta(
          doc(
            "Command inside the container that asks for one turn. Default: `openclaw agent` with a short question to the default agent, else to `main`.",
            ["openclaw", "agent", "--agent", "main", "--message", "Answer with one word: pong", "--json"],
          ),
        ),
      asBefore: z
        .boolean()
        .default(false)
        .meta(
          doc(
            "True asks for no turn if openclaw.json names no model, and passes over a turn that failed before the update too.",
            true,
          ),
        ),
      every: seconds
        .default(600)
        .meta(
          doc("Time between two turns in a bake. The first and the last round always ask for one.", "30m"),
        ),
      model: z
        .string()
        .min(1)
        .optional()
        .meta(
          doc(
            "Model that must have answered, as the gateway names it. Default: any model but a fallback.",
            "anthropic/claude-haiku-4-5",
          ),
        ),
      output: pattern
        .optional()
        .meta(doc("Pattern that the reply must match. Default: any reply that is not empty.", "pong")),
    }),
    z.strictObject({
      kind: z.literal("unchanged").describe("Compares what is there with what was there before the update."),
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
        .meta(
          doc(
            "What is compared with before the update. `sessions`, `channels` and `configuration` (the keys of openclaw.json) belong to a gateway, the others to the control plane.",
            ["sessions", "configuration"],
          ),
        ),
      except: z
        .array(z.string().min(1))
        .default([])
        .meta(doc("Names of settings that an update may change.", ["default_models"])),
    }),
    z.strictObject({
      kind: z
        .literal("pins")
        .describe("Looks for sessions that are left on another model than the configured one."),
      ...checkBase,
      severity: checkBase.severity.unwrap().default("warning").meta(doc(severityMeaning, "critical")),
      deadline: within(30),
    }),
    z.strictObject({
      kind: z.literal("workflow").describe("Runs a program of yours on the machine that updates."),
      ...checkBase,
      deadline: within(300),
      argv: argv.meta(
        doc("Program on the machine that updates, with its arguments. It is run once.", [
          "/etc/clawforce/checks/ticket-is-answered",
        ]),
      ),
      exitCode: z.int().min(0).max(255).default(0).meta(doc(exitCodeMeaning, 1)),
      output: pattern.optional().meta(doc(outputMeaning, "answered")),
    }),
  ])
  .meta({ id: "check" });

export type Check = z.output<typeof checkSchema>;
export type CheckInput = z.input<typeof checkSchema>;
