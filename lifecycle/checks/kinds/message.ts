import { z } from "zod";
import { checkBase, turnEvery, turnInterval, within } from "../../../config/check-kind.ts";
import { doc, form, pattern, port } from "../../../config/fields.ts";
import { fieldAt } from "../../../config/json.ts";
import { type CommandResult, jsonOf, oneLine } from "../cli-output.ts";
import { type Attempt, failed, nothing, passed } from "../judge.ts";
import { checkKind } from "../kind.ts";
import { ircScript } from "./irc-client.ts";

/** Seconds that the command may take beside the wait for an answer: a busy host starts a Node.js slowly. */
const startOfCommand = 20;

/** No line breaks and no blanks: each would be another command of the protocol. */
function word(noun: string) {
  return z.string().regex(/^[^\s\0:,]{1,60}$/, form(noun, "Write it without blanks, commas and colons"));
}

const irc = z.strictObject({
  host: word("host").meta(doc("The IRC server, as the gateway reaches it.", "irc.example.com")),
  port: port.default(6667).meta(doc("Its port.", 6697)),
  tls: z
    .boolean()
    .default(false)
    .meta(doc("True speaks TLS, and checks the certificate of the server.", true)),
  to: word("channel or nick").meta(
    doc("Where the message goes: a channel that the gateway has joined, or its nick.", "#ops"),
  ),
  bot: word("nick").meta(
    doc(
      "Nick of the gateway. The same with `_` behind it counts too: a server keeps an old nick for a while.",
      "claw",
    ),
  ),
});

export const message = checkKind({
  schema: z.strictObject({
    kind: z.literal("message").describe("Sends a message through a channel, and waits for the answer to it."),
    ...checkBase,
    deadline: within(180),
    interval: turnInterval,
    every: turnEvery,
    irc: irc.describe("A channel of IRC. For any other one write a `workflow`."),
    text: z
      .string()
      .regex(/^[^\r\n\0]{1,300}$/, form("message", "Write one line of 300 characters at most"))
      .default("Answer with one word: pong")
      .meta(doc("What is sent.", "claw: are you there?")),
    output: pattern
      .optional()
      .meta(
        doc(
          "Pattern that the answer must match. What the gateway says to others in the channel meanwhile is passed over. Default: any answer.",
          "pong",
        ),
      ),
  }),
  tracks: ["runtime"],
  section: `
Sends one message to the gateway through a channel, as a user does, and waits for its answer. **Proves** the whole way: channel, session,
model, and back. **Fails** if no answer comes before the deadline that matches \`output\`. In a channel that others use too, ask for a word that
no other answer has. The message is sent from inside the
container, by its Node.js, under a nick of its own. Each attempt costs a turn. A bake sends one in its first and last round and each \`every\`.
*Inconclusive*: the server can't be reached from the gateway, or the channel can't be joined. Look first at \`channels\` and at the model's
provider.
`,
  realFlow: true,
  every: ({ every }) => every,
  async attempt({ context: { platform, workload } }, { irc: server, text, output }, deadline) {
    const patience = Math.max(1, deadline - startOfCommand);
    const argv = [
      "node",
      "--no-warnings",
      "-e",
      ircScript,
      JSON.stringify({ ...server, text, output, patience }),
    ];
    const result = await platform.exec(workload.container, argv, { deadline, name: "the message" });
    return judgeMessage({ ...server, output }, result);
  },
});

/** By what the client has seen: see irc-client.ts. */
export function judgeMessage(
  { host, port: at, to, bot, output }: z.output<typeof irc> & { output?: string | undefined },
  result: CommandResult,
): Attempt {
  const seen = jsonOf(result.stdout);
  const problem = fieldAt(seen, "problem");
  if (result.exitCode !== 0 || typeof seen !== "object" || seen === null) {
    return nothing(`no message could be sent: ${oneLine(result.stderr || result.stdout)}`);
  }
  if (typeof problem === "string") {
    return nothing(`no message could be sent to ${to} on ${host}:${at}: ${oneLine(problem)}`);
  }
  const answer = fieldAt(seen, "answer");
  const waited = `${fieldAt(seen, "seconds")} s`;
  if (typeof answer !== "string") {
    const there = fieldAt(seen, "there");
    const where = there === false ? `. ${bot} is not there` : "";
    return failed(`no answer by ${bot} in ${to} within ${waited}${where}`);
  }
  const by = String(fieldAt(seen, "by"));
  if (output !== undefined && !new RegExp(output, "m").test(answer)) {
    return failed(`the answer of ${by} does not match /${output}/: ${oneLine(answer)}`);
  }
  return passed(`"${oneLine(answer).slice(0, 60)}" by ${by} in ${to} after ${waited}`);
}
