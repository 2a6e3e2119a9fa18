import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { projectFolder } from "../../fleet/project.ts";
import { processorSeconds } from "../../toolchain/processor-time.ts";
import { type FileResult, type Results, resultsVariable } from "./results.ts";

/** The tests of one stage. */
export interface Tally {
  passed: number;
  failed: number;
  /** Left out, because the time of the run was over. */
  skipped: number;
}

export interface StageProgram {
  title: string;
  /** Of the running Node.js: a script and its arguments. */
  argv: string[];
  environment?: Record<string, string>;
  /** Where the stage writes its tests, see results.ts; without one the stage counts as one test. */
  results?: string;
}

export interface StageReport {
  title: string;
  tally: Tally;
  seconds: number;
  /** Of the processors; undefined where the system does not tell. */
  processor: number | undefined;
  /** Empty for a stage without results. */
  files: readonly FileResult[];
}

/** Longer than this nobody should have to wonder whether something still happens. */
const longestSilence = 9000;

/** Runs one stage with its output shown as it comes, and a sign of life where there is none. */
export function runStage(stage: StageProgram, write: (text: string) => unknown): Promise<StageReport> {
  return reported(stage.title, write, async (seconds) => {
    const succeeded = await runProgram(stage, write, seconds);
    const results = stage.results === undefined ? undefined : await resultsIn(stage.results);
    return { tally: tallyOf(results, succeeded), files: results?.files ?? [] };
  });
}

/** Says when a part of the run begins and how it ends, and measures it. */
export async function reported(
  title: string,
  write: (text: string) => unknown,
  work: (seconds: () => number) => Promise<Pick<StageReport, "tally" | "files">>,
): Promise<StageReport> {
  const began = Date.now();
  const before = processorSeconds();
  const seconds = () => (Date.now() - began) / 1000;
  write(`\n── ${title}\n`);
  const { tally, files } = await work(seconds);
  write(`── ${title}: ${tally.failed === 0 ? "passed" : "failed"} after ${Math.round(seconds())} s\n`);
  const after = processorSeconds();
  const processor = before === undefined || after === undefined ? undefined : after - before;
  return { title, tally, files, seconds: seconds(), processor };
}

async function runProgram(
  stage: StageProgram,
  write: (text: string) => unknown,
  seconds: () => number,
): Promise<boolean> {
  let lastOutput = Date.now();
  const child = spawn(process.execPath, stage.argv, {
    cwd: projectFolder,
    // The programs see a pipe, not the terminal that is at its end.
    env: {
      ...process.env,
      ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" }),
      ...stage.environment,
      ...(stage.results !== undefined && { [resultsVariable]: stage.results }),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      lastOutput = Date.now();
      write(text);
    });
  }
  const heartbeat = setInterval(() => {
    if (Date.now() - lastOutput >= longestSilence) {
      lastOutput = Date.now();
      write(`   … ${stage.title}, ${Math.round(seconds())} s\n`);
    }
  }, 1000);
  return new Promise<boolean>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code === 0));
  }).finally(() => clearInterval(heartbeat));
}

/** Undefined when the stage ended before it could write them. */
async function resultsIn(file: string): Promise<Results | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Results);
}

/** A stage that ends with an error has failed, whatever its tests say. */
export function tallyOf(results: Results | undefined, succeeded: boolean): Tally {
  if (results === undefined) return { passed: succeeded ? 1 : 0, failed: succeeded ? 0 : 1, skipped: 0 };
  const sum = (key: keyof Tally) => results.files.reduce((total, file) => total + file[key], 0);
  const failed = sum("failed") + results.strayErrors;
  return {
    passed: sum("passed"),
    failed: succeeded ? failed : Math.max(1, failed),
    skipped: sum("skipped"),
  };
}

/** The last line of a run. */
export function closingLine(tallies: readonly Tally[]): string {
  const sum = (key: keyof Tally) => tallies.reduce((total, tally) => total + tally[key], 0);
  const skipped = sum("skipped");
  return `${sum("passed")} passed, ${sum("failed")} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`;
}
