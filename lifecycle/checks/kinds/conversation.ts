import { z } from "zod";
import { checkBase, turnEvery, turnInterval, within } from "../../../config/check-kind.ts";
import { argv, doc, pattern } from "../../../config/fields.ts";
import { fieldAt } from "../../../config/json.ts";
import { type CommandResult, jsonOf, oneLine } from "../cli-output.ts";
import { agentsOf, namesModel, readConfiguration } from "../configuration.ts";
import { type Attempt, failed, passed } from "../judge.ts";
import { checkKind, type Looking } from "../kind.ts";

export const conversation = checkKind({
  schema: z.strictObject({
    kind: z.literal("conversation").describe("Asks a model for one turn through the gateway."),
    ...checkBase,
    deadline: within(90),
    interval: turnInterval,
    argv: argv
      .optional()
      .meta(
        doc(
          "Command inside the container that asks for one turn. Default: `openclaw agent` with a short question to the default agent, else to `main`.",
          turnArgv("main"),
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
    every: turnEvery,
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
  tracks: ["runtime"],
  section: `
Asks a model for one turn through the gateway. **Proves** that a reply came, from the gateway and not from the command line itself, and by
\`model\` if that is named. **Fails** on a fallback model, an empty reply, an error, also one after a reply. Each attempt costs a turn. A bake
asks for one in its first and last round and each \`every\`. First ask the provider with curl, from the container and from the host.

The default has \`asBefore: true\`. If \`openclaw.json\` was read and names no model, no turn is tried. Else one turn before the update finds out
whether turns work. If that one failed already, a turn that fails afterwards is named and passed over. It asks the default agent of
\`openclaw.json\`.
`,
  realFlow: true,
  every: ({ every }) => every,
  attempt: attemptConversation,
});

/**
 * One turn through the gateway. With `asBefore` no turn is tried where the configuration was read and names no model, and
 * one that failed before the update already is not held against the new version.
 */
export async function attemptConversation(
  { context, before }: Pick<Looking, "context" | "before">,
  check: {
    argv?: string[] | undefined;
    asBefore: boolean;
    model?: string | undefined;
    output?: string | undefined;
  },
  deadline: number,
): Promise<Attempt> {
  let agent = "main";
  if (check.asBefore) {
    const { file, content } = await readConfiguration(context, deadline);
    if (content === undefined || !namesModel(content)) {
      return passed(
        `no turn was tried: ${content === undefined ? `there is no ${file}` : `${file} names no model`}`,
      );
    }
    const agents = agentsOf(content);
    agent = (agents.find(({ isDefault }) => isDefault) ?? agents[0])?.id ?? agent;
  }
  const failedBefore = check.asBefore && before?.turn?.passed === false ? before.turn.detail : undefined;
  const turn = async () => {
    const argv = check.argv ?? turnArgv(agent);
    return judgeConversation(
      check,
      await context.platform.exec(context.workload.container, argv, { deadline }),
    );
  };
  if (failedBefore === undefined) return turn();
  const attempt = await turn().catch((error: Error) => failed(error.message));
  return attempt.passed
    ? attempt
    : passed(`not held against it, a turn failed before the update too (${failedBefore}): ${attempt.detail}`);
}

/** One agent is asked: the default one. */
function turnArgv(agent: string): string[] {
  return ["openclaw", "agent", "--agent", agent, "--message", "Answer with one word: pong", "--json"];
}

/**
 * One turn: a reply must be there, it must come from the gateway, and the expected model must have written it. Which one
 * did stands in `agentMeta`; `fallbackUsed` says false after a failover too (2026.4.15 to 2026.4.23).
 */
export function judgeConversation(
  wanted: { model?: string | undefined; output?: string | undefined },
  result: CommandResult,
): Attempt {
  if (result.exitCode !== 0) {
    return failed(`exit code ${result.exitCode}: ${oneLine(result.stderr || result.stdout)}`);
  }
  const embedded = result.stderr.split("\n").find((line) => line.includes("falling back to embedded"));
  if (embedded !== undefined) {
    return failed(`the command line answered by itself, not the gateway: ${oneLine(embedded)}`);
  }
  const answer = jsonOf(result.stdout);
  const status = fieldAt(answer, "status");
  if (status !== "ok") {
    return failed(
      `status ${JSON.stringify(status)} instead of "ok": ${oneLine(result.stderr || result.stdout)}`,
    );
  }
  const reply = textOf(fieldAt(answer, "result.payloads"));
  if (reply === "") return failed("the turn ended without a reply");
  const meta = fieldAt(answer, "result.meta");
  // 2026.4.23 says "ok" of a turn that an error has ended, and has the error's text among the replies.
  if ([fieldAt(meta, "stopReason"), fieldAt(meta, "completion.stopReason")].includes("error")) {
    return failed(`the turn ended with an error: ${oneLine(reply)}`);
  }
  const model = `${fieldAt(meta, "agentMeta.provider")}/${fieldAt(meta, "agentMeta.model")}`;
  if (wanted.model !== undefined && model !== wanted.model) {
    return failed(
      `${model} answered instead of ${wanted.model}: a failover, or a session that is pinned to it (the check \`pins\` finds those)`,
    );
  }
  if (wanted.output !== undefined && !new RegExp(wanted.output, "m").test(reply)) {
    return failed(`the reply does not match /${wanted.output}/: ${oneLine(reply)}`);
  }
  const duration = fieldAt(meta, "durationMs");
  const seconds = typeof duration === "number" ? ` after ${Math.round(duration / 100) / 10} s` : "";
  return passed(`"${oneLine(reply).slice(0, 60)}" by ${model}${seconds}`);
}

function textOf(payloads: unknown): string {
  if (!Array.isArray(payloads)) return "";
  return payloads
    .map((payload) => fieldAt(payload, "text"))
    .filter((text) => typeof text === "string")
    .join("\n")
    .trim();
}
