import { shortReference } from "../../config/image-reference.ts";
import type { StackConfig } from "../../config/schema.ts";
import type { Track } from "../../config/track.ts";
import { formatDuration } from "../../config/units.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import { windowClock } from "../clock.ts";
import type { EvidenceRecord } from "../evidence/records.ts";
import { refusalText } from "../evidence/refusal.ts";
import { isForward } from "../evidence/settings.ts";
import { changesClause } from "./plan.ts";
import { onlyGoesBack } from "./put-off.ts";
import { lastServing } from "./serving-trigger.ts";
import type { Situation } from "./situation.ts";
import { situationsOf } from "./situations.ts";

/** What the rules about windows look at. */
export type WindowFacts = Pick<Situation, "config" | "move" | "hearsay">;

const trackNames: Record<Track, string> = { "control-plane": "the control plane", runtime: "the fleet" };

/** Two tracks never change in one window. Going back is an update of neither, and starting for the first time too. */
export function windowProblems(
  { window, maintenance }: Pick<StackConfig, "window" | "maintenance">,
  workloads: readonly WindowFacts[],
  now: Date,
): string[] {
  const updated = workloads.filter(({ move }) => isForward(move));
  const outside = updated.filter(({ config }) => config.track !== window);
  return [
    ...outside.map(
      ({ config, move }) =>
        `${config.name} would be updated to ${shortReference(move.to)}${changesClause(move)}, but clawforce:window is ${window}. ` +
        `Set it to ${config.track} in a maintenance of its own, or take the change of ${config.name} back.`,
    ),
    ...[...new Set(updated.map(({ config }) => config.track))].flatMap((track) =>
      gapProblems(track, workloads, maintenance.gapBetweenTracks, now),
    ),
  ];
}

/**
 * The workloads of a stack, once it is known that what would change may change now.
 *
 * @throws OperationFailure that lists every problem.
 */
export async function situationsInWindow(
  config: StackConfig,
  stack: string,
  platform: Parameters<typeof situationsOf>[2],
): Promise<Situation[]> {
  const now = windowClock(config.environment);
  const surveyed = await situationsOf(config, stack, platform);
  refuseOrders(surveyed);
  refuseAdoptions(surveyed);
  const problems = windowProblems(config, surveyed, now);
  if (problems.length > 0) {
    const lines = problems.map((each) => `  ${each}`);
    throw new OperationFailure(
      ["This update does not fit into its window; nothing was touched.", ...lines].join("\n"),
    );
  }
  refuseNothingElse(surveyed);
  return surveyed;
}

/**
 * A restore is never a surprise: what can't be told apart from an old line is refused before anything is touched. The way
 * back of others is no way to get one either, and not closed by it: the plan says that it is left out.
 */
function refuseOrders(surveyed: readonly Pick<Situation, "config" | "move" | "orderProblem">[]): void {
  const problems = surveyed.flatMap(({ config, orderProblem }) =>
    orderProblem === undefined ? [] : [`  ${config.name}: ${orderProblem}`],
  );
  if (problems.length > 0 && !onlyGoesBack(surveyed)) {
    throw new OperationFailure(
      ["A restore that the stack file orders can't be carried out; nothing was touched.", ...problems].join(
        "\n",
      ),
    );
  }
}

/** Before anything is touched: a gateway that is taken over from has to be as the stack file says. */
function refuseAdoptions(surveyed: readonly Situation[]): void {
  const problems = surveyed.flatMap(({ config, adoptionProblems = [] }) =>
    adoptionProblems.map((problem) => `  ${config.name}: ${problem}`),
  );
  if (problems.length > 0 && !onlyGoesBack(surveyed)) {
    throw new OperationFailure(["An adoption can't be done; nothing was touched.", ...problems].join("\n"));
  }
}

/** What is refused to one workload keeps the others from nothing. An update that would do nothing else is refused. */
function refuseNothingElse(surveyed: readonly Situation[]): void {
  const refused = surveyed.flatMap((each) =>
    each.refused?.moves ? [`  ${refusalText(each.input.name, each.refused)}`] : [],
  );
  if (refused.length > 0 && !surveyed.some(hasWork)) {
    throw new OperationFailure(["This update would do nothing; nothing was touched.", ...refused].join("\n"));
  }
}

/** Whether anything is to be done to a workload, as far as a look at it tells. */
function hasWork({ refused, move, observed, hearsay, servingTrigger }: Situation): boolean {
  if (refused?.untouched) return false;
  return move.kind !== "none" || observed === undefined || servingTrigger !== lastServing(hearsay);
}

function gapProblems(track: Track, workloads: readonly WindowFacts[], gap: number, now: Date): string[] {
  const other = workloads.filter(({ config }) => config.track !== track);
  // A change that damaged records speak of counts too: nobody gains by inventing one.
  const changes = other.flatMap(({ config, hearsay }) => {
    const time = lastChange(hearsay);
    return time === undefined ? [] : [{ name: config.name, time }];
  });
  const last = changes.toSorted((a, b) => a.time.localeCompare(b.time)).at(-1);
  if (last === undefined) return [];
  const passed = (now.getTime() - Date.parse(last.time)) / 1000;
  if (passed >= gap) return [];
  const from = new Date(Date.parse(last.time) + gap * 1000).toISOString();
  const [mine, theirs] = [trackNames[track], trackNames[track === "runtime" ? "control-plane" : "runtime"]];
  return [
    `${mine} would be updated, but ${theirs} changed ${formatDuration(Math.max(1, Math.round(passed)))} ago (${last.name}, ${last.time}). ` +
      `clawforce:maintenance.gapBetweenTracks is ${formatDuration(gap)}. Wait until ${from}: then a fault has one suspect.`,
  ];
}

/** ISO 8601: when a workload last went to another version. */
function lastChange(records: readonly EvidenceRecord[]): string | undefined {
  return records.findLast((record) => record.kind === "cut-over" && record.direction !== "same")?.time;
}
