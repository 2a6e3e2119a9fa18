import { text } from "node:stream/consumers";
import { parsedJson } from "../config/json.ts";
import { withPlatform } from "../lifecycle/earlier-input.ts";
import type { WorkloadTask } from "../lifecycle/workload.ts";
import { OperationFailure } from "../platforms/failure.ts";

/** Seconds in which the whole task must have come: whoever starts a program has it at hand. */
const inputDeadline = 60;

/** Nothing is begun before the task is there whole: one that was cut off by a kill is none. */
export async function taskOfInput(): Promise<WorkloadTask> {
  if (process.stdin.isTTY) {
    throw new OperationFailure(startedByHand("Nothing was handed to this program"));
  }
  const timer = setTimeout(() => process.stdin.destroy(new Error("too late")), inputDeadline * 1000);
  try {
    const task = parsedJson(await text(process.stdin).catch(() => ""));
    if (typeof task !== "object" || task === null || !("workload" in task)) {
      throw new OperationFailure(
        startedByHand("What was handed to this program by standard input is no task"),
      );
    }
    const { workload, ...rest } = task as WorkloadTask;
    return { workload: withPlatform(workload), ...rest };
  } finally {
    clearTimeout(timer);
  }
}

export function startedByHand(what: string): string {
  return `${what}: operations are started by \`pulumi up\` or by \`fleet\`, not by hand. Nothing was touched.`;
}
