import type { CheckResult, Outcome } from "../evidence/records.ts";

/** What a single attempt of a check saw. `detail` is one line for the operator, without secrets. */
export interface Attempt {
  passed: boolean;
  detail: string;
  /** There was nothing to look at, so nothing is proved either way: inconclusive. Never together with `passed`. */
  nothing?: true;
}

/** What a check has come to. */
export type Verdict = Pick<CheckResult, "outcome" | "detail" | "slow">;

/** The last attempts have little time left: one that came to no result does not hide what an earlier one saw. */
export function afterAttempt(before: Verdict | undefined, now: Verdict): Verdict {
  return now.outcome === "inconclusive" && before !== undefined ? before : now;
}

/** A failed warning leaves the verdict as it is; a critical check that came to no result does not pass. */
export function verdictOf(results: readonly CheckResult[]): Outcome {
  const critical = results.filter((result) => result.severity === "critical").map((result) => result.outcome);
  if (critical.includes("failed")) {
    return "failed";
  }
  return critical.length === 0 || critical.includes("inconclusive") ? "inconclusive" : "passed";
}

/** "✓ http /readyz: ready=true (0.3 s)" */
export function resultLine({ name, outcome, detail, seconds }: CheckResult): string {
  return `${outcome === "passed" ? "✓" : "✗"} ${name}: ${detail} (${seconds} s)`;
}

export function passed(detail: string): Attempt {
  return { passed: true, detail };
}

export function failed(detail: string): Attempt {
  return { passed: false, detail };
}

export function nothing(detail: string): Attempt {
  return { passed: false, detail, nothing: true };
}

/** Several looks of one check: what failed comes first, then what could not be looked at. */
export function allOf(attempts: readonly Attempt[]): Attempt {
  const detail = attempts.map((each) => each.detail).join("; ");
  if (attempts.every((each) => each.passed)) return passed(detail);
  return attempts.some((each) => !each.passed && each.nothing !== true) ? failed(detail) : nothing(detail);
}

export function outcomeOf(attempt: Attempt): Outcome {
  if (attempt.passed) return "passed";
  return attempt.nothing === true ? "inconclusive" : "failed";
}
