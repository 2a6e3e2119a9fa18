import { setTimeout as sleep } from "node:timers/promises";
import type { Check } from "../../config/check-schema.ts";
import type { BaselineEntry, CheckResult } from "../../evidence/records.ts";
import { attemptLogin, attemptUnchanged, judgeBuild } from "../control-plane/check.ts";
import { describeDockerError } from "../docker/client.ts";
import { execInContainer } from "../docker/exec.ts";
import { collectLogs } from "../docker/logs.ts";
import { secondsSince } from "../step.ts";
import type { WorkloadContext } from "../workload.ts";
import { openWorkloadHttp, type WorkloadHttp } from "../workload-http.ts";
import { baselineBefore, checkChannels, checkGatewayUnchanged } from "./baseline.ts";
import { judgeConversation } from "./conversation.ts";
import {
  type Attempt,
  afterAttempt,
  judgeCommand,
  judgeHttp,
  judgeLogs,
  judgeVersion,
  type Verdict,
} from "./judge.ts";
import { judgePins, pinsArgv } from "./pins.ts";
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
    const results: CheckResult[] = [];
    for (const check of checks) {
      const result = await runCheck(context, check, lazily.http, rehearsed);
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

export function checkName(check: Check): string {
  if (check.name !== undefined) {
    return check.name;
  }
  switch (check.kind) {
    case "http":
      return `http ${check.path}`;
    case "command":
    case "workflow":
      return `${check.kind} ${check.argv.join(" ")}`;
    default:
      return check.kind;
  }
}

/** Trying again would change nothing, or do something of the operator's twice. */
const once: ReadonlySet<Check["kind"]> = new Set(["pins", "workflow"]);

async function runCheck(
  context: WorkloadContext,
  check: Check,
  http: () => Promise<WorkloadHttp>,
  rehearsed: BaselineEntry | undefined,
): Promise<CheckResult> {
  const began = performance.now();
  const until = Date.now() + check.deadline * 1000;
  let attempts = 0;
  let verdict: Verdict | undefined;
  for (;;) {
    attempts += 1;
    const left = Math.max(1, Math.ceil((until - Date.now()) / 1000));
    verdict = afterAttempt(
      verdict,
      await attemptVerdict(() => attemptCheck(context, check, http, left, rehearsed)),
    );
    if (verdict.outcome === "passed" || once.has(check.kind) || Date.now() + check.interval * 1000 > until) {
      return {
        name: checkName(check),
        severity: check.severity,
        ...verdict,
        seconds: secondsSince(began),
        attempts,
      };
    }
    await sleep(check.interval * 1000);
  }
}

async function attemptVerdict(attempt: () => Promise<Attempt>): Promise<Verdict> {
  try {
    const { passed, detail } = await attempt();
    return { outcome: passed ? "passed" : "failed", detail };
  } catch (error) {
    return { outcome: "inconclusive", detail: describeDockerError(error) };
  }
}

async function attemptCheck(
  context: WorkloadContext,
  check: Check,
  http: () => Promise<WorkloadHttp>,
  deadline: number,
  rehearsed: BaselineEntry | undefined,
): Promise<Attempt> {
  const { docker, workload } = context;
  switch (check.kind) {
    case "http":
      return judgeHttp(check, await (await http()).get(check.path, check.port ?? workload.port, deadline));
    case "command":
      return judgeCommand(check, await execInContainer(docker, workload.container, check.argv, { deadline }));
    case "version":
      return judgeVersion(
        await imageVersion(context),
        await execInContainer(docker, workload.container, check.argv, { deadline }),
      );
    case "logs":
      return judgeLogs(check, await collectLogs(docker, workload.container));
    case "channels":
      return checkChannels(context, check, deadline);
    case "conversation":
      return judgeConversation(
        check,
        await execInContainer(docker, workload.container, check.argv, { deadline }),
      );
    case "unchanged":
      return workload.track === "control-plane"
        ? attemptUnchanged(context, check, rehearsed ?? baselineBefore(await context.log.read()))
        : checkGatewayUnchanged(context, check, deadline);
    case "pins":
      return judgePins(
        await execInContainer(docker, workload.container, pinsArgv(workload.mount), { deadline }),
        workload.mount,
      );
    case "workflow":
      return judgeCommand(check, await runWorkflow(check.argv, workflowEnvironment(workload), deadline));
    case "build": {
      const answer = await (await http()).get(check.path, workload.port, deadline);
      const before = rehearsed ?? baselineBefore(await context.log.read());
      return judgeBuild(check.field, answer, before, rehearsed?.image ?? workload.image);
    }
    case "login":
      return attemptLogin(context);
  }
}

/** What the image says it is: its OCI version label; without one the tag of the reference. */
async function imageVersion({ docker, workload }: WorkloadContext): Promise<string> {
  const info = await docker.getImage(workload.image).inspect();
  const label = info.Config?.Labels?.["org.opencontainers.image.version"];
  const name = workload.image.slice(workload.image.lastIndexOf("/") + 1).split("@")[0] ?? "";
  const tag = name.includes(":") ? name.slice(name.indexOf(":") + 1) : undefined;
  const version = label ?? tag;
  if (version === undefined) {
    throw new Error(
      `${workload.image} has neither a version label nor a tag: there is nothing to compare with`,
    );
  }
  return version;
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
