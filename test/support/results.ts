import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { Reporter } from "vitest/node";
import { projectFolder } from "../../fleet/project.ts";

/** Names the file that a run of vitest writes its results into. */
export const resultsVariable = "CLAWFORCE_TEST_RESULTS";

export interface FileResult {
  /** From the project's folder. */
  file: string;
  /** Its loading, its hooks and its tests. vitest's own JSON leaves out the hooks, and a world is made in one. */
  seconds: number;
  passed: number;
  failed: number;
  skipped: number;
}

export interface Results {
  files: FileResult[];
  /** Errors that belong to no file. */
  strayErrors: number;
}

type TestModules = Parameters<NonNullable<Reporter["onTestRunEnd"]>>[0];

/** What vitest hands over at the end. */
// biome-ignore lint/style/noDefaultExport: the form that vitest reads.
export default class ResultsReporter implements Reporter {
  onTestRunEnd(modules: TestModules, errors: readonly unknown[]): void {
    const file = process.env[resultsVariable];
    if (file === undefined) throw new Error(`${resultsVariable} has to name a file.`);
    const results: Results = { files: modules.map(fileResult), strayErrors: errors.length };
    writeFileSync(file, JSON.stringify(results));
  }
}

/** What is read of a `TestModule`. */
export interface RunFile {
  moduleId: string;
  ok(): boolean;
  diagnostic(): { collectDuration: number; setupDuration: number; duration: number };
  children: { allTests(state?: "passed" | "failed" | "skipped"): Iterable<unknown> };
}

export function fileResult(module: RunFile): FileResult {
  const { collectDuration, setupDuration, duration } = module.diagnostic();
  const failed = [...module.children.allTests("failed")].length;
  const passed = [...module.children.allTests("passed")].length;
  const all = [...module.children.allTests()].length;
  return {
    file: relative(projectFolder, module.moduleId),
    seconds: (collectDuration + setupDuration + duration) / 1000,
    passed,
    // A file that can't be loaded, or whose hook fails, has no test that fails.
    failed: module.ok() ? failed : Math.max(1, failed),
    skipped: all - passed - failed,
  };
}
