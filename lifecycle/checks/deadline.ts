import type { Check } from "../../config/check-kind.ts";
import type { DeadlinesConfig } from "../../config/schema.ts";
import { formatDuration } from "../../config/units.ts";
import type { EvidenceRecord } from "../evidence/records.ts";
import { checkName } from "./kinds.ts";

/** As in the schema, for workloads on record from before there were these settings. */
const defaultDeadlines: DeadlinesConfig = { factor: 3, longest: 600, baseline: 120 };

export function deadlinesOf({ deadlines }: { deadlines?: DeadlinesConfig }): DeadlinesConfig {
  return deadlines ?? defaultDeadlines;
}

/** Seconds of the last run of a check that passed on this workload, in whatever phase; undefined when none is on record. */
export function lastPassingSeconds(records: readonly EvidenceRecord[], name: string): number | undefined {
  for (const record of records.toReversed()) {
    if (record.kind !== "gate" && record.kind !== "verification") continue;
    const found = record.checks.findLast((each) => each.name === name && each.outcome === "passed");
    if (found !== undefined) return found.seconds;
  }
  return undefined;
}

/**
 * Seconds that a check gets: its own, or more where its last passing run took long, because the host was busy then and is
 * likely to be again. Never more than `longest`, unless its own are.
 */
export function deadlineOf(
  check: Check,
  records: readonly EvidenceRecord[],
  { factor, longest }: DeadlinesConfig,
): number {
  const last = lastPassingSeconds(records, checkName(check)) ?? 0;
  return Math.max(check.deadline, Math.min(longest, Math.ceil(factor * last)));
}

/** For a check that had no answer when its time was over: not sick, slow, and which setting gives it more time. */
export function slowSentence(
  check: Check,
  {
    given,
    seconds,
    last,
    longest,
  }: { given: number; seconds: number; last: number | undefined; longest: number },
  said: string,
): string {
  const before =
    last === undefined ? "no passing run is on record" : `the last passing run took ${formatSeconds(last)}`;
  const setting =
    given >= longest && given > check.deadline
      ? "`clawforce:deadlines.longest`"
      : `\`deadline\` of this check (${formatDuration(check.deadline)})`;
  return (
    `slow: no answer within ${formatSeconds(seconds)} (${said}); ${before}. That is no sign that it is sick. ` +
    `When the host is not so busy, run \`pulumi up\` again, or raise ${setting}`
  );
}

function formatSeconds(seconds: number): string {
  return `${Math.round(seconds)} s`;
}

/** Whether an attempt ended because its time was over. */
export function isLate(error: unknown): boolean {
  return (error as { late?: boolean }).late === true;
}

/** The worst case of a list of checks: every one runs to its deadline. Seconds. */
export function longestRun(
  checks: readonly Check[],
  records: readonly EvidenceRecord[],
  deadlines: DeadlinesConfig,
): number {
  return checks.reduce((sum, check) => sum + deadlineOf(check, records, deadlines), 0);
}
