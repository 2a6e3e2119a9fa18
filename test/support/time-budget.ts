import { type RunnerTask, type RunnerTestFile, TestRunner } from "vitest";
import { lastBeginVariable } from "./last-begin.ts";

/** Skips the tests of a file that comes too late, with all that would set it up. */
// biome-ignore lint/style/noDefaultExport: the form that vitest reads.
export default class TimeBudget extends TestRunner {
  onBeforeRunFiles(files: RunnerTestFile[]): void {
    const last = process.env[lastBeginVariable];
    if (last === undefined || Date.now() <= Number(last)) return;
    for (const file of files) {
      console.log(`NOT RUN, because the time of this run is over: ${file.name}`);
      leaveOut(file);
    }
  }
}

function leaveOut(task: RunnerTask): void {
  task.mode = "skip";
  if (task.type === "suite") task.tasks.forEach(leaveOut);
}
