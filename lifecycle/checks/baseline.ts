import type { Check } from "../../config/check-kind.ts";
import { messageOf, OperationFailure } from "../../platforms/failure.ts";
import { preflightControlPlane } from "../control-plane/check.ts";
import type { BaselineEntry, ChannelState } from "../evidence/records.ts";
import { answersToIngress } from "../ingress/forwarded.ts";
import { unitOf } from "../update/unit-of.ts";
import type { WorkloadContext } from "../workload.ts";
import { printOf, readConfiguration } from "./configuration.ts";
import { deadlinesOf } from "./deadline.ts";
import { isOf } from "./kind.ts";
import { channelsArgv, channels as channelsKind, judgeChannels, readChannels } from "./kinds/channels.ts";
import { attemptConversation, conversation } from "./kinds/conversation.ts";
import { countSessions } from "./kinds/unchanged.ts";
import { kindOf } from "./kinds.ts";

/** What the checks compare with, read while the old version serves: only what they need, each call costs seconds. */
export async function readBaseline(context: WorkloadContext): Promise<BaselineEntry> {
  const { platform, workload, secrets } = context;
  const checks = [...workload.gate, ...workload.verification];
  const compared = checks.flatMap((check) => kindOf(check).compares?.(check) ?? []);
  const { image, restarts, imageId } = await unitOf(context);
  const version = await platform.imageVersion(imageId);
  const answers = await answersToIngress(context);
  const common = {
    kind: "baseline",
    image,
    restarts,
    ...(version !== undefined && { version }),
    ...(answers !== undefined && { ingress: { plain: answers.plain, forwarded: answers.forwarded } }),
  } as const;
  if (workload.track === "control-plane") {
    return { ...common, controlPlane: await preflightControlPlane(context, compared) };
  }
  const patience = deadlinesOf(workload).baseline;
  const channels = compared.includes("channels")
    ? await baselineChannels(context, checks, patience)
    : undefined;
  const sessions = compared.includes("sessions")
    ? await read("sessions", () => countSessions(context, patience))
    : undefined;
  const configuration = compared.includes("configuration")
    ? await read("configuration", async () => {
        const { content } = await readConfiguration(context, patience);
        return printOf(content, secrets.snapshotPassword);
      })
    : undefined;
  const turn = await baselineTurn(context, checks, patience);
  return {
    ...common,
    ...(channels !== undefined && { channels }),
    ...(sessions !== undefined && { sessions }),
    ...(configuration !== undefined && { configuration }),
    ...(turn !== undefined && { turn }),
  };
}

/** What the running version can't tell now could not be compared after the update: said before anything is stopped. */
async function read<Value>(what: string, look: () => Promise<Value>): Promise<Value> {
  try {
    return await look();
  } catch (error) {
    throw new OperationFailure(
      `the ${what} of the running version can't be written down: ${messageOf(error)}. Nothing was stopped. ` +
        "Where it only took too long: make `clawforce:deadlines.baseline` longer.",
    );
  }
}

/** A running version that would not pass the check itself is said now, not after the cut-over. */
async function baselineChannels(
  context: WorkloadContext,
  checks: readonly Check[],
  patience: number,
): Promise<ChannelState[]> {
  const check = checks.find((each) => isOf(channelsKind, each));
  const argv = check?.argv ?? channelsArgv;
  const { platform, workload } = context;
  const found = await read("channels", async () =>
    readChannels(await platform.exec(workload.container, argv, { deadline: patience })),
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

/** Only where the check passes over what did not work before: whether it does is found out by one turn. */
async function baselineTurn(
  context: WorkloadContext,
  checks: readonly Check[],
  patience: number,
): Promise<BaselineEntry["turn"]> {
  const check = checks.filter((each) => isOf(conversation, each)).find(({ asBefore }) => asBefore);
  if (check === undefined) return undefined;
  try {
    const { passed, detail } = await attemptConversation({ context, before: undefined }, check, patience);
    return { passed, detail };
  } catch (error) {
    return { passed: false, detail: messageOf(error) };
  }
}

/** Accounts that are still switched on, were up, and are down. */
export function lostChannels(
  before: readonly ChannelState[] | undefined,
  now: readonly ChannelState[],
): string[] {
  const were = new Set((before ?? []).filter(({ up }) => up).map(({ name }) => name));
  return now.filter(({ name, up }) => !up && were.has(name)).map(({ name }) => name);
}

export function describeBaseline(baseline: BaselineEntry): string {
  const { channels, sessions, configuration, turn, restarts, controlPlane } = baseline;
  const down = (channels ?? []).filter(({ up }) => !up);
  return [
    ...(channels === undefined ? [] : [`${channels.length - down.length} channels up`]),
    ...down.map(({ name, failure }) => `${name} ${failure} already`),
    ...(sessions === undefined ? [] : [`${sessions} sessions`]),
    ...(configuration === undefined
      ? []
      : [`${Object.keys(configuration.keys ?? {}).length} keys of its configuration`]),
    ...(turn === undefined || turn.passed ? [] : [`a turn fails already (${turn.detail})`]),
    ...(controlPlane === undefined
      ? []
      : [`${controlPlane.instances.length} instances, ${controlPlane.backups} backups`]),
    ...(controlPlane?.users === undefined ? [] : [`${controlPlane.users.length} users`]),
    `${restarts} restarts`,
  ].join(", ");
}
