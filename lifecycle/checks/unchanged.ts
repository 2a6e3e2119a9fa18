import type { Check } from "../../config/check-schema.ts";
import { fieldAt } from "../../config/json.ts";
import type { WorkloadContext } from "../workload.ts";
import { baselineBefore, noBaseline } from "./before.ts";
import { judgeChannels, readChannels } from "./channels.ts";
import { type CommandResult, jsonOf, oneLine } from "./cli-output.ts";
import { judgeConfiguration, keysOf, readConfiguration } from "./configuration.ts";
import { type Attempt, allOf, failed, passed } from "./judge.ts";

type CheckOf<Kind extends Check["kind"]> = Extract<Check, { kind: Kind }>;

export const channelsArgv = ["openclaw", "channels", "status", "--probe", "--json"];

/** Runs `channels` now and compares. */
export async function checkChannels(
  context: WorkloadContext,
  check: Pick<CheckOf<"channels">, "argv" | "allowNone">,
  deadline: number,
): Promise<Attempt> {
  const before = baselineBefore(await context.log.read())?.channels;
  const result = await context.platform.exec(context.workload.container, check.argv, { deadline });
  return judgeChannels(before, readChannels(result), check.allowNone);
}

/** What a gateway must not have less of than before. Instances and backups are the control plane's. */
export async function checkGatewayUnchanged(
  context: WorkloadContext,
  check: Pick<CheckOf<"unchanged">, "what">,
  deadline: number,
): Promise<Attempt> {
  const attempts: Attempt[] = [];
  for (const what of check.what) {
    attempts.push(await attemptPart(context, what, deadline));
  }
  return allOf(attempts);
}

async function attemptPart(
  context: WorkloadContext,
  what: CheckOf<"unchanged">["what"][number],
  deadline: number,
): Promise<Attempt> {
  if (what === "channels") {
    return checkChannels(context, { argv: channelsArgv, allowNone: true }, deadline);
  }
  const records = await context.log.read();
  const baseline = baselineBefore(records);
  if (what === "sessions") {
    const now = await countSessions(context, deadline);
    return judgeSessions(baseline?.sessions, now, noBaseline(records));
  }
  if (what === "configuration") {
    const now = await readConfiguration(context, deadline);
    if (baseline?.configuration !== undefined) {
      return judgeConfiguration(baseline.configuration, now, context.secrets.snapshotPassword);
    }
    const seen = now.content === undefined ? "no" : `${keysOf(now.content).size} keys in`;
    return passed(`${seen} ${now.file}; ${noBaseline(records)}`);
  }
  return failed(`a gateway has no ${what}: take it out of \`what\``);
}

export function judgeSessions(before: number | undefined, now: number, without: string): Attempt {
  if (before === undefined) return passed(`${now} sessions; ${without}`);
  return now < before
    ? failed(`${now} sessions instead of ${before}: sessions are gone`)
    : passed(`${now} sessions, ${before} before`);
}

export async function countSessions(
  { platform, workload }: WorkloadContext,
  deadline: number,
): Promise<number> {
  const argv = ["openclaw", "sessions", "--all-agents", "--json"];
  return sessionsOf(await platform.exec(workload.container, argv, { deadline }));
}

/** `count` is that of the sessions in the list, which newer versions cut at 100; `totalCount` is that of all. */
export function sessionsOf(result: CommandResult): number {
  const list = jsonOf(result.stdout);
  const count = fieldAt(list, "totalCount") ?? fieldAt(list, "count");
  if (result.exitCode !== 0 || typeof count !== "number") {
    throw new Error(`no list of sessions: ${oneLine(result.stdout || result.stderr)}`);
  }
  return count;
}
