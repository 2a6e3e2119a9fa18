import { fieldAt } from "../../config/json.ts";
import type { CheckResult, Outcome } from "../evidence/records.ts";
import { type CommandResult, oneLine } from "./cli-output.ts";

/** What a single attempt of a check saw. `detail` is one line for the operator, without secrets. */
export interface Attempt {
  passed: boolean;
  detail: string;
  /** There was nothing to look at, so nothing is proved either way: inconclusive. Never together with `passed`. */
  nothing?: true;
}

export function judgeHttp(
  wanted: { status: number; body: Record<string, string | number | boolean> },
  answer: { status: number; body: string },
): Attempt {
  if (answer.status !== wanted.status) {
    return failed(`HTTP ${answer.status} instead of ${wanted.status}: ${oneLine(answer.body)}`);
  }
  let body: unknown;
  try {
    body = JSON.parse(answer.body);
  } catch {
    return failed(`HTTP ${answer.status}, but the body is not JSON: ${oneLine(answer.body)}`);
  }
  for (const [path, value] of Object.entries(wanted.body)) {
    const seen = fieldAt(body, path);
    if (seen !== value) {
      return failed(`${path} is ${JSON.stringify(seen)} instead of ${JSON.stringify(value)}`);
    }
  }
  return passed(
    Object.entries(wanted.body)
      .map(([path, value]) => `${path}=${value}`)
      .join(" "),
  );
}

export function judgeCommand(
  wanted: { exitCode: number; output?: string | undefined },
  result: CommandResult,
): Attempt {
  if (result.exitCode !== wanted.exitCode) {
    return failed(
      `exit code ${result.exitCode} instead of ${wanted.exitCode}: ${oneLine(result.stderr || result.stdout)}`,
    );
  }
  if (wanted.output !== undefined && !new RegExp(wanted.output, "m").test(result.stdout)) {
    return failed(`the output does not match /${wanted.output}/: ${oneLine(result.stdout)}`);
  }
  return passed(`exit code ${result.exitCode}`);
}

/** The program's own word must contain the version as a whole: 2026.4.2 is not 2026.4.23. */
export function judgeVersion(wanted: string, result: CommandResult): Attempt {
  const said = oneLine(result.stdout || result.stderr);
  if (result.exitCode !== 0) {
    return failed(`exit code ${result.exitCode}: ${said}`);
  }
  const words = result.stdout.split(/[\s(),]+/);
  return words.includes(wanted) ? passed(said) : failed(`says "${said}" instead of ${wanted}`);
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
