import { access, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, OperationFailure } from "../../platforms/failure.ts";
import { breakpointsVariable } from "../clock.ts";
import type { WorkloadContext } from "../workload.ts";
import type { StepName } from "./step-names.ts";

/** A failure that says in which step of which workload it happened. */
export class StepFailure extends OperationFailure {
  readonly step: StepName;

  constructor(workload: string, step: StepName, reason: string, cause?: unknown) {
    super(`${workload}: ${step} failed: ${reason}`, { cause });
    this.step = step;
  }
}

/**
 * Runs one step, and says when it begins and how it ends. Its error names the step.
 *
 * @param passed whether what it has come to is good; default: it is, unless it throws.
 */
export async function runStep<T>(
  context: WorkloadContext,
  step: StepName,
  work: () => Promise<T>,
  summary: (result: T) => string,
  passed: (result: T) => boolean = () => true,
): Promise<T> {
  const began = performance.now();
  context.step({ step, outcome: "begun", text: "" });
  try {
    await breakpoint(context, step);
    const result = await work();
    const outcome = passed(result) ? "passed" : "failed";
    context.step({ step, outcome, seconds: secondsSince(began), text: summary(result) });
    return result;
  } catch (error) {
    throw failedStep(context, step, error);
  }
}

/** Says that a step has failed. Returns its error with the step's name. */
export function failedStep(context: WorkloadContext, step: StepName, error: unknown): StepFailure {
  const reason = reasonOf(context, error);
  context.step({ step, outcome: "failed", text: reason });
  return new StepFailure(context.workload.name, step, reason, error);
}

function reasonOf({ workload }: WorkloadContext, error: unknown): string {
  const prefix = `${workload.name}: `;
  const message = messageOf(error);
  const isSentence = error instanceof OperationFailure && message.startsWith(prefix);
  return isSentence ? message.slice(prefix.length) : message;
}

export function secondsSince(began: number): number {
  return Math.round((performance.now() - began) / 100) / 10;
}

/**
 * Rehearsals of failures stop a run at an exact step: when CLAWFORCE_BREAKPOINTS names a folder with a file
 * `<workload>.<step>`, that file is renamed to `….reached` and the step waits until it is gone. Without the variable, and
 * in production, nothing is looked at.
 */
async function breakpoint(context: WorkloadContext, step: StepName): Promise<void> {
  const folder = process.env[breakpointsVariable];
  if (context.workload.rehearsal !== true || folder === undefined || folder === "") {
    return;
  }
  const file = join(folder, `${context.workload.name}.${step.replaceAll(" ", "-")}`);
  const reached = `${file}.reached`;
  if (!(await exists(file))) {
    return;
  }
  await writeFile(file, String(process.pid));
  await rename(file, reached);
  context.progress(`${step}: waiting at a breakpoint (${reached})`);
  while (await exists(reached)) {
    await sleep(50);
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}
