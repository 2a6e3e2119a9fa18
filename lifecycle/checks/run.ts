import { setTimeout as sleep } from "node:timers/promises";
import type { Check } from "../../config/check-kind.ts";
import type { BaselineEntry, CheckResult } from "../evidence/records.ts";
import { secondsSince } from "../update/step.ts";
import { openWorkloadHttp, type WorkloadHttp } from "../update/workload-http.ts";
import type { WorkloadContext } from "../workload.ts";
import { baselineBefore } from "./before.ts";
import { deadlineOf, deadlinesOf, isLate, lastPassingSeconds, slowSentence } from "./deadline.ts";
import { type Attempt, afterAttempt, outcomeOf, resultLine, type Verdict } from "./judge.ts";
import type { Looking } from "./kind.ts";
import { checkName, kindOf } from "./kinds.ts";

/** Runs the checks one after the other, so that their times say something, and all of them, so that one run tells all. */
export async function runChecks(
  context: WorkloadContext,
  checks: readonly Check[],
  /** What a comparing check compares with; default what was on record before the last cut-over. */
  rehearsed?: BaselineEntry,
): Promise<CheckResult[]> {
  const lazily = lazyHttp(context);
  try {
    const records = await context.log.read();
    const looking: Looking = {
      ...{ context, records, http: lazily.http },
      before: rehearsed ?? baselineBefore(records),
      image: rehearsed?.image ?? context.workload.image,
    };
    const results: CheckResult[] = [];
    for (const check of checks) {
      const result = await runCheck(looking, check);
      context.progress(resultLine(result));
      results.push(result);
    }
    return results;
  } finally {
    await lazily.close();
  }
}

async function runCheck(looking: Looking, check: Check): Promise<CheckResult> {
  const { context, records } = looking;
  const began = performance.now();
  const kind = kindOf(check);
  const name = checkName(check);
  const deadlines = deadlinesOf(context.workload);
  const given = deadlineOf(check, records, deadlines);
  const until = Date.now() + given * 1000;
  let attempts = 0;
  let verdict: Verdict | undefined;
  for (;;) {
    attempts += 1;
    const left = Math.max(1, Math.ceil((until - Date.now()) / 1000));
    verdict = afterAttempt(
      verdict,
      await attemptVerdict(looking.context, () => kind.attempt(looking, check, left)),
    );
    if (verdict.outcome === "passed" || kind.once || Date.now() + check.interval * 1000 > until) {
      const seconds = secondsSince(began);
      const last = lastPassingSeconds(records, name);
      const { outcome, slow } = verdict;
      const detail = slow
        ? slowSentence(check, { given, seconds, last, longest: deadlines.longest }, verdict.detail)
        : verdict.detail;
      return { name, severity: check.severity, outcome, detail, seconds, attempts, ...(slow && { slow }) };
    }
    await sleep(check.interval * 1000);
  }
}

async function attemptVerdict(
  { platform }: WorkloadContext,
  attempt: () => Promise<Attempt>,
): Promise<Verdict> {
  try {
    const seen = await attempt();
    return { outcome: outcomeOf(seen), detail: seen.detail };
  } catch (error) {
    const detail = platform.describe(error);
    return { outcome: "inconclusive", detail, ...(isLate(error) && { slow: true }) };
  }
}

/** Opens the HTTP client only if a check needs it. */
function lazyHttp(context: WorkloadContext): {
  http: () => Promise<WorkloadHttp>;
  close: () => Promise<void>;
} {
  let opened: Promise<WorkloadHttp> | undefined;
  return {
    http: () => {
      opened ??= openWorkloadHttp(context);
      return opened;
    },
    close: async () => {
      const client = await opened?.catch(() => undefined);
      await client?.close();
    },
  };
}
