import { enableCompileCache } from "node:module";
import { compileCache } from "../config/compile-cache.ts";
import type { WorkloadContext, WorkloadTask } from "../lifecycle/workload.ts";

/** What a program does; see `runProgram`. */
export type Operation = (context: WorkloadContext, task: WorkloadTask) => Promise<unknown>;

/**
 * Runs a program of what was compiled before: half of what its start costs, and requests are held meanwhile. It is loaded
 * after the cache is there, because what is imported at the top is compiled before anything runs.
 */
export async function start(operation: () => Promise<Operation>): Promise<void> {
  enableCompileCache(compileCache);
  const [{ runProgram }, work] = await Promise.all([import("./program.ts"), operation()]);
  await runProgram(work);
}
