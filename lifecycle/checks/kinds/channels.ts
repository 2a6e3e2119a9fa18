import { z } from "zod";
import { checkBase, within } from "../../../config/check-kind.ts";
import { argv, doc } from "../../../config/fields.ts";
import { fieldAt } from "../../../config/json.ts";
import type { ChannelState } from "../../evidence/records.ts";
import { type CommandResult, jsonOf, oneLine } from "../cli-output.ts";
import { type Attempt, failed, nothing, passed } from "../judge.ts";
import { checkKind, type Looking } from "../kind.ts";

export const channelsArgv = ["openclaw", "channels", "status", "--probe", "--json"];

export const channels = checkKind({
  schema: z.strictObject({
    kind: z
      .literal("channels")
      .describe("Asks the gateway for its channels. Each one that was up before the update must be up."),
    ...checkBase,
    deadline: within(180),
    argv: argv
      .default(channelsArgv)
      .meta(
        doc("Command inside the container that prints the channels as JSON.", [
          ...["runuser", "-u", "claworc", "--"],
          ...channelsArgv,
        ]),
      ),
    allowNone: z
      .boolean()
      .default(false)
      .meta(doc("True passes a gateway that had no channel before the update either.", true)),
  }),
  tracks: ["runtime"],
  section: `
Runs \`openclaw channels status --probe --json\`. Each account that was up before the update must be up. An account that was down before is
passed over. An account that is missing now is down. **Proves** that the gateway itself says "running", "connected", and answers its probe.
**Fails** with the account and its last error.

The running version is asked before the update. If it can't answer, or has no account that is up, nothing could be compared, so nothing is
stopped. \`allowNone: true\` passes a gateway without any. *Inconclusive* without \`allowNone\`: no channel, now or before.

Nothing is stopped either if an account that was up before the *last* update is down now. Then go back, or switch that account off if it
is to stay down. Look first at the gateway's log for that channel, then go back.
`,
  realFlow: true,
  compares: () => ["channels"],
  attempt: compareChannels,
});

/** Runs `channels` now and compares. */
export async function compareChannels(
  { context: { platform, workload }, before }: Pick<Looking, "context" | "before">,
  { argv, allowNone }: { argv: string[]; allowNone: boolean },
  deadline: number,
): Promise<Attempt> {
  const result = await platform.exec(workload.container, argv, { deadline });
  return judgeChannels(before?.channels, readChannels(result), allowNone);
}

/** What `openclaw channels status --probe --json` says of each account, or why that can't be read. */
export function readChannels(result: CommandResult): ChannelState[] | { problem: string } {
  const accounts = fieldAt(jsonOf(result.stdout), "channelAccounts");
  if (result.exitCode !== 0 || typeof accounts !== "object" || accounts === null) {
    // Without a gateway the command prints a text and ends with 0.
    return { problem: `no channel status: ${oneLine(result.stdout || result.stderr) || "no output"}` };
  }
  return Object.entries(accounts).flatMap(([channel, list]) =>
    (Array.isArray(list) ? list : []).filter(isWanted).map((account) => stateOf(channel, account)),
  );
}

/** Nobody waits for an account that is switched off or not set up. */
function isWanted(account: unknown): boolean {
  return fieldAt(account, "enabled") !== false && fieldAt(account, "configured") !== false;
}

function stateOf(channel: string, account: unknown): ChannelState {
  const name = `${channel}/${fieldAt(account, "accountId") ?? "default"}`;
  const failure = failureOf(account);
  return failure === undefined ? { name, up: true } : { name, up: false, failure };
}

/** A channel without a connection of its own (a webhook) says nothing of `connected`; one that does must be. */
function failureOf(account: unknown): string | undefined {
  const error = fieldAt(account, "lastError");
  const because = typeof error === "string" && error !== "" ? `: ${oneLine(error)}` : "";
  if (fieldAt(account, "running") !== true) return `does not run${because}`;
  if (fieldAt(account, "connected") === false) return `is not connected${because}`;
  if (fieldAt(account, "linked") === false) return `is not linked${because}`;
  if (fieldAt(account, "probe.ok") === false) {
    return `does not answer its probe: ${oneLine(String(fieldAt(account, "probe.error") ?? "no reason given"))}`;
  }
  return undefined;
}

/**
 * Each channel that was up before must be up. A channel whose plugin was not loaded is simply missing. Without a `before`
 * (a first start) those that are there must be up.
 */
export function judgeChannels(
  before: readonly ChannelState[] | undefined,
  now: readonly ChannelState[] | { problem: string },
  allowNone: boolean,
): Attempt {
  if ("problem" in now) return failed(now.problem);
  const wanted = before === undefined ? now : before.filter(({ up }) => up);
  if (wanted.length === 0 && !allowNone) {
    return nothing(before === undefined ? noneNow : noneBefore);
  }
  const down = wanted.flatMap(({ name }) => {
    const found = now.find((each) => each.name === name);
    if (found === undefined) return [`${name} is gone`];
    return found.up ? [] : [`${name} ${found.failure}`];
  });
  if (down.length > 0) return failed(down.join("; "));
  const without = before === undefined ? "no channel is set up" : "no channel was up before";
  return passed(wanted.map(({ name }) => name).join(", ") || without);
}

const noneNow = "no channel is set up: there is nothing to look at. Set one up, or write `allowNone: true`";

const noneBefore =
  "no channel was connected before the update: nothing to compare with. Connect one, or write `allowNone: true`";
