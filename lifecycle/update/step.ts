import { access, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, OperationFailure } from "../../platforms/failure.ts";
import { breakpointsVariable } from "../clock.ts";
import type { WorkloadContext } from "../workload.ts";

/** The steps of a workload's update, in their order. */
export const stepNames = [
  "preflight",
  "pull",
  "hot snapshot",
  "drill",
  "hold",
  "drain",
  "stop",
  "cold snapshot",
  "check",
  "restore",
  "gate",
  "open",
  "verification",
] as const;

export type StepName = (typeof stepNames)[number];

/** A failure that says in which step of which workload it happened. */
export class StepFailure extends OperationFailure {
  readonly step: StepName;

  constructor(workload: string, step: StepName, reason: string, cause?: unknown) {
    super(`${workload}: ${step} failed: ${reason}`, { cause });
    this.step = step;
  }
}

/** Runs one step: a line when it is done, and an error that names the step. */
export async function runStep<T>(
  context: WorkloadContext,
  step: StepName,
  work: () => Promise<T>,
  summary: (result: T) => string,
): Promise<T> {
  const began = performance.now();
  try {
    await breakpoint(context, step);
    const result = await work();
    context.progress(`${step}: ${summary(result)} (${secondsSince(began).toFixed(1)} s)`);
    return result;
  } catch (error) {
    if (error instanceof OperationFailure) {
      const prefix = `${context.workload.name}: `;
      const reason = error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message;
      throw new StepFailure(context.workload.name, step, reason, error);
    }
    throw new StepFailure(context.workload.name, step, messageOf(error), error);
  }
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
