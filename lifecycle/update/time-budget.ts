import { formatDuration } from "../../config/units.ts";
import type { Platform } from "../../platforms/platform.ts";
import { deadlinesOf, longestRun } from "../checks/deadline.ts";
import type { EvidenceRecord } from "../evidence/records.ts";
import { migrationDeadline } from "../rehearsal/deadline.ts";
import type { Workload } from "../workload.ts";

/** What decides how long a failed update of a workload takes. */
export type BudgetFacts = Pick<
  Workload,
  "gate" | "verification" | "stopGrace" | "healthWait" | "maintenance" | "deadlines"
>;

/** Seconds that a cut-over waits for an engine which does not answer, to put its workload back. */
export function engineReturn({ answer }: Pick<Platform, "answer">): number {
  return 10 * answer;
}

/** Seconds that one of the scripts in snapshot/ may take at most. */
export const scriptDeadline = 3600;
/** Seconds that the scripts of a cut-over may be open: they are made ready before the drain. */
export function seriesDeadline({
  drain,
  ingress,
  stopGrace,
}: Pick<Workload, "drain" | "ingress" | "stopGrace">): number {
  return rest + (ingress?.drain ?? 0) + drain.budget + stopGrace + 2 * scriptDeadline;
}
/** A cut-over runs five of them at most (room, its size, snapshot, check, the restore after a migration that failed), a restore four (one that was interrupted, snapshot, check, its own). */
const scriptsOfAHook = 5;
/** Bytes: what a deadline that grows with the state is taken for where the state's size is not known. */
const largestState = 100e9;
/** For what waits for nothing but an engine that answers: locks, the ingress, files. Seconds. */
const rest = 900;

/**
 * Seconds after which the program of a hook is stuck: everything in it has a deadline of its own, and this is longer than
 * all of them together. The last resort, so that no `up` waits for ever.
 */
export function hookDeadline(workload: Workload, platform: Pick<Platform, "answer">): number {
  const { drain, ingress, stopGrace, healthWait, migrate = [] } = workload;
  const migration = migrate.reduce((sum, step) => sum + migrationDeadline(step, largestState), 0);
  return Math.ceil(
    rest +
      migration +
      (ingress?.drain ?? 0) +
      drain.budget +
      2 * stopGrace +
      scriptsOfAHook * scriptDeadline +
      engineReturn(platform) +
      healthWait,
  );
}

/**
 * Why the maintenance is too short for the bad case: every check runs to its deadline, then everything is restored, which
 * takes as long as it took in the drill, and the workload is stopped and started once more. Undefined when it is not.
 */
export function budgetProblem(workload: BudgetFacts, drillSeconds: number): string | undefined {
  const { gate, verification, stopGrace, healthWait, maintenance } = workload;
  const checks = [...gate, ...verification].reduce((sum, { deadline }) => sum + deadline, 0);
  const needed = checks + drillSeconds + stopGrace + healthWait;
  return needed <= maintenance
    ? undefined
    : `a failed verification and a full restore may take ${formatDuration(needed)}, but the window has ${formatDuration(maintenance)}. ` +
        `The checks may take ${formatDuration(checks)}, the restore ${formatDuration(drillSeconds)} as in the drill, ` +
        `a stop and a start ${formatDuration(stopGrace + healthWait)}. Make clawforce:maintenance.length longer, or the deadlines shorter.`;
}

/**
 * What the operator has to know when it is long enough by the deadlines of the configuration, and not by those that the
 * slow checks of last time get. No reason to refuse: it is the busy host's worst case. Undefined when it is long enough.
 */
export function scaledBudgetNotice(
  workload: BudgetFacts,
  drillSeconds: number,
  records: readonly EvidenceRecord[],
): string | undefined {
  const { gate, verification, stopGrace, healthWait, maintenance } = workload;
  const checks = longestRun([...gate, ...verification], records, deadlinesOf(workload));
  const needed = Math.ceil(checks + drillSeconds + stopGrace + healthWait);
  return needed <= maintenance
    ? undefined
    : `the checks were slow last time, so they get up to ${formatDuration(checks)} now. A failed verification and a full restore may ` +
        `then take ${formatDuration(needed)}, but the window has ${formatDuration(maintenance)}. Make clawforce:maintenance.length ` +
        "longer, or clawforce:deadlines.longest shorter.";
}
