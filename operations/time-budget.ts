import { formatDuration } from "../config/units.ts";
import type { Workload } from "./workload.ts";

/** What decides how long a failed update of a workload takes. */
export type BudgetFacts = Pick<
  Workload,
  "gate" | "verification" | "stopGrace" | "healthWait" | "maintenance"
>;

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
    : `a failed verification and a full restore may take ${formatDuration(needed)} (checks ${formatDuration(checks)}, ` +
        `restore and start in the drill ${formatDuration(drillSeconds)}, stop and start again ${formatDuration(stopGrace + healthWait)}), ` +
        `the window has ${formatDuration(maintenance)}. Make clawforce:maintenance.length longer, or the deadlines shorter.`;
}
