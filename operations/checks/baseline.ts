import type { Check } from "../../config/check-schema.ts";
import type { BaselineEntry, ChannelState, EvidenceRecord } from "../../evidence/records.ts";
import { preflightControlPlane } from "../control-plane/check.ts";
import { execInContainer } from "../docker/exec.ts";
import { OperationFailure } from "../failure.ts";
import type { WorkloadContext } from "../workload.ts";
import { judgeChannels, readChannels } from "./channels.ts";
import { type CommandResult, jsonOf, oneLine } from "./cli-output.ts";
import { type Attempt, fieldOf } from "./judge.ts";

type CheckOf<Kind extends Check["kind"]> = Extract<Check, { kind: Kind }>;

/** Seconds that the command line may take for the baseline: on a busy host it needs over 20 to start. */
const patience = 120;

/** What the checks compare with, read while the old version serves: only what they need, each call costs seconds. */
export async function readBaseline(context: WorkloadContext): Promise<BaselineEntry> {
  const { docker, workload } = context;
  const checks = [...workload.gate, ...workload.verification];
  const { Config, RestartCount, Image } = await docker.getContainer(workload.container).inspect();
  const version = (await docker.getImage(Image).inspect()).Config?.Labels?.[
    "org.opencontainers.image.version"
  ];
  if (workload.track === "control-plane") {
    const controlPlane = await preflightControlPlane(context);
    return {
      kind: "baseline",
      image: Config.Image,
      restarts: RestartCount,
      ...(version !== undefined && { version }),
      controlPlane,
    };
  }
  const channels = await baselineChannels(context, checks);
  const sessions = compares(checks, "sessions") ? await countSessions(context, patience) : undefined;
  return {
    kind: "baseline",
    image: Config.Image,
    restarts: RestartCount,
    ...(version !== undefined && { version }),
    ...(channels !== undefined && { channels }),
    ...(sessions !== undefined && { sessions }),
  };
}

/** A running version that would not pass the check itself is said now, not after the cut-over. */
async function baselineChannels(
  context: WorkloadContext,
  checks: readonly Check[],
): Promise<ChannelState[] | undefined> {
  const check = checks.find((each): each is CheckOf<"channels"> => each.kind === "channels");
  if (check === undefined && !compares(checks, "channels")) return undefined;
  const argv = check?.argv ?? channelsArgv;
  const found = readChannels(
    await execInContainer(context.docker, context.workload.container, argv, { deadline: patience }),
  );
  const verdict =
    "problem" in found
      ? { passed: false, detail: found.problem }
      : judgeChannels(found, found, check?.allowNone ?? true);
  if (!verdict.passed) {
    throw new OperationFailure(`the running version does not pass \`channels\` itself: ${verdict.detail}`);
  }
  const now = "problem" in found ? [] : found;
  const last = (await context.log.read()).findLast((record) => record.kind === "baseline");
  const lost = lostChannels(last?.channels, now);
  if (lost.length > 0) {
    // Else the next update would be measured by what the last one has broken.
    throw new OperationFailure(
      `${lost.join(", ")}: up before the last update, down now. Go back first, or switch the account off if it is to stay down.`,
    );
  }
  return now;
}

/** Accounts that are still switched on, were up, and are down. */
export function lostChannels(
  before: readonly ChannelState[] | undefined,
  now: readonly ChannelState[],
): string[] {
  const were = new Set((before ?? []).filter(({ up }) => up).map(({ name }) => name));
  return now.filter(({ name, up }) => !up && were.has(name)).map(({ name }) => name);
}

const channelsArgv = ["openclaw", "channels", "status", "--probe", "--json"];

function compares(checks: readonly Check[], what: CheckOf<"unchanged">["what"][number]): boolean {
  return checks.some((check) => check.kind === "unchanged" && check.what.includes(what));
}

export function describeBaseline({ channels, sessions, restarts, controlPlane }: BaselineEntry): string {
  const down = (channels ?? []).filter(({ up }) => !up);
  return [
    ...(channels === undefined ? [] : [`${channels.length - down.length} channels up`]),
    ...down.map(({ name, failure }) => `${name} ${failure} already`),
    ...(sessions === undefined ? [] : [`${sessions} sessions`]),
    ...(controlPlane === undefined
      ? []
      : [`${controlPlane.instances.length} instances, ${controlPlane.backups} backups`]),
    `${restarts} restarts`,
  ].join(", ");
}

/** The baseline that belongs to the version before: the newest one before the newest cut-over. None at a first start. */
export function baselineBefore(records: readonly EvidenceRecord[]): BaselineEntry | undefined {
  const cutOver = records.findLastIndex(({ kind }) => kind === "cut-over");
  return records.slice(0, Math.max(0, cutOver)).findLast((record) => record.kind === "baseline");
}

/** Runs `channels` now and compares. */
export async function checkChannels(
  context: WorkloadContext,
  check: Pick<CheckOf<"channels">, "argv" | "allowNone">,
  deadline: number,
): Promise<Attempt> {
  const before = baselineBefore(await context.log.read())?.channels;
  const result = await execInContainer(context.docker, context.workload.container, check.argv, { deadline });
  return judgeChannels(before, readChannels(result), check.allowNone);
}

/** What a gateway must not have less of than before. Instances and backups are the control plane's. */
export async function checkGatewayUnchanged(
  context: WorkloadContext,
  check: Pick<CheckOf<"unchanged">, "what">,
  deadline: number,
): Promise<Attempt> {
  const baseline = baselineBefore(await context.log.read());
  const attempts: Attempt[] = [];
  for (const what of check.what) {
    if (what === "channels") {
      attempts.push(await checkChannels(context, { argv: channelsArgv, allowNone: true }, deadline));
    } else if (what === "sessions") {
      attempts.push(judgeSessions(baseline?.sessions, await countSessions(context, deadline)));
    } else {
      attempts.push({ passed: false, detail: `a gateway has no ${what}: take it out of \`what\`` });
    }
  }
  return { passed: attempts.every(({ passed }) => passed), detail: attempts.map((a) => a.detail).join("; ") };
}

export function judgeSessions(before: number | undefined, now: number): Attempt {
  if (before === undefined) return { passed: true, detail: `${now} sessions, no number from before` };
  return now < before
    ? { passed: false, detail: `${now} sessions instead of ${before}: sessions are gone` }
    : { passed: true, detail: `${now} sessions, ${before} before` };
}

async function countSessions({ docker, workload }: WorkloadContext, deadline: number): Promise<number> {
  const argv = ["openclaw", "sessions", "--all-agents", "--json"];
  return sessionsOf(await execInContainer(docker, workload.container, argv, { deadline }));
}

export function sessionsOf(result: CommandResult): number {
  const count = fieldOf(jsonOf(result.stdout), "count");
  if (result.exitCode !== 0 || typeof count !== "number") {
    throw new OperationFailure(`no list of sessions: ${oneLine(result.stdout || result.stderr)}`);
  }
  return count;
}
