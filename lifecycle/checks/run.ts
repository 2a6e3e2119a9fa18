import { setTimeout as sleep } from "node:timers/promises";
import type { Check } from "../../config/check-schema.ts";
import { attemptLogin, attemptUnchanged, judgeBuild } from "../control-plane/check.ts";
import type { BaselineEntry, CheckResult, EvidenceRecord } from "../evidence/records.ts";
import { secondsSince } from "../update/step.ts";
import { unitOf } from "../update/unit-of.ts";
import { openWorkloadHttp, type WorkloadHttp } from "../update/workload-http.ts";
import type { WorkloadContext } from "../workload.ts";
import { baselineBefore } from "./before.ts";
import { readConfiguration } from "./configuration.ts";
import { attemptConversation } from "./conversation.ts";
import { deadlineOf, deadlinesOf, isLate, lastPassingSeconds, slowSentence } from "./deadline.ts";
import { versionOfImage } from "./image-version.ts";
import {
  type Attempt,
  afterAttempt,
  judgeCommand,
  judgeHttp,
  judgeVersion,
  outcomeOf,
  type Verdict,
} from "./judge.ts";
import { judgeLogs } from "./logs.ts";
import { checkName } from "./name.ts";
import { judgePins, pinsArgv } from "./pins.ts";
import { checkChannels, checkGatewayUnchanged } from "./unchanged.ts";
import { runWorkflow, workflowEnvironment } from "./workflow.ts";

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
      context.progress(
        `${result.outcome === "passed" ? "✓" : "✗"} ${result.name}: ${result.detail} (${result.seconds} s)`,
      );
      results.push(result);
    }
    return results;
  } finally {
    await lazily.close();
  }
}

/** What all checks of a run share. */
interface Looking {
  context: WorkloadContext;
  records: readonly EvidenceRecord[];
  http: () => Promise<WorkloadHttp>;
  /** What a comparing check compares with. */
  before: BaselineEntry | undefined;
  /** The image that the comparison is for. */
  image: string;
}

/** Trying again would change nothing, or do something of the operator's twice. */
const once: ReadonlySet<Check["kind"]> = new Set(["pins", "workflow"]);

async function runCheck(looking: Looking, check: Check): Promise<CheckResult> {
  const { context, records } = looking;
  const began = performance.now();
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
      await attemptVerdict(looking.context, () => attemptCheck(looking, check, left)),
    );
    if (verdict.outcome === "passed" || once.has(check.kind) || Date.now() + check.interval * 1000 > until) {
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

async function attemptCheck(
  { context, http, before, image }: Looking,
  check: Check,
  deadline: number,
): Promise<Attempt> {
  const { platform, workload } = context;
  switch (check.kind) {
    case "http":
      return judgeHttp(check, await (await http()).get(check.path, check.port ?? workload.port, deadline));
    case "command":
      return judgeCommand(check, await platform.exec(workload.container, check.argv, { deadline }));
    case "version":
      return judgeVersion(
        await versionOfImage(platform, workload.image),
        await platform.exec(workload.container, check.argv, { deadline }),
      );
    case "logs":
      return attemptLogs(context, check, deadline);
    case "channels":
      return checkChannels(context, check, deadline);
    case "conversation":
      return attemptConversation(context, check, before, deadline);
    case "unchanged":
      return workload.track === "control-plane"
        ? attemptUnchanged(context, check, before)
        : checkGatewayUnchanged(context, check, deadline);
    case "pins": {
      const look = await platform.exec(workload.container, pinsArgv(workload.mount), {
        deadline,
        name: "the look for pinned sessions",
      });
      return judgePins(look, workload.mount, await readConfiguration(context, deadline));
    }
    case "workflow":
      return judgeCommand(check, await runWorkflow(check.argv, workflowEnvironment(workload), deadline));
    case "build": {
      const answer = await (await http()).get(check.path, workload.port, deadline);
      return judgeBuild(check.field, answer, before, image);
    }
    case "login":
      return attemptLogin(context);
  }
}

/** A container says something within this time after its start, or its log has lost the beginning. Milliseconds. */
const firstWords = 60_000;

async function attemptLogs(
  { platform, workload }: WorkloadContext,
  check: Extract<Check, { kind: "logs" }>,
  deadline: number,
): Promise<Attempt> {
  const since = new Date((await unitOf({ platform, workload })).startedAt);
  const lines = platform.logs(workload.container, { since, deadline });
  return judgeLogs(check, lines, () =>
    platform.logReachesBack(workload.container, new Date(since.getTime() + firstWords), deadline),
  );
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
