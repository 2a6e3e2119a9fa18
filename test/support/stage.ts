import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { projectFolder } from "../../fleet/project.ts";

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
  /** Where the stage writes its tests as JSON; without one the stage counts as one test. */
  results?: string;
}

/** Longer than this nobody should have to wonder whether something still happens. */
const longestSilence = 9000;

/** Runs one stage with its output shown as it comes, and a sign of life where there is none. */
export async function runStage(stage: StageProgram, write: (text: string) => unknown): Promise<Tally> {
  const began = Date.now();
  let lastOutput = began;
  write(`\n── ${stage.title}\n`);
  const child = spawn(process.execPath, stage.argv, {
    cwd: projectFolder,
    // The programs see a pipe, not the terminal that is at its end.
    env: {
      ...process.env,
      ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" }),
      ...stage.environment,
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
      write(`   … ${stage.title}, ${secondsSince(began)} s\n`);
    }
  }, 1000);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).finally(() => clearInterval(heartbeat));
  const tally = await tallyOf(stage.results, code === 0);
  const word = tally.failed === 0 ? "passed" : "failed";
  write(`── ${stage.title}: ${word} after ${secondsSince(began)} s\n`);
  return tally;
}

async function tallyOf(results: string | undefined, succeeded: boolean): Promise<Tally> {
  const text = results === undefined ? undefined : await readFile(results, "utf8").catch(() => undefined);
  return text === undefined
    ? { passed: succeeded ? 1 : 0, failed: succeeded ? 0 : 1, skipped: 0 }
    : tallyOfVitest(text, succeeded);
}

/** A file that can't be loaded has no tests that fail: then the exit code is what tells. */
export function tallyOfVitest(json: string, succeeded: boolean): Tally {
  const found = JSON.parse(json) as Record<"numPassedTests" | "numFailedTests" | "numTotalTests", number>;
  return {
    passed: found.numPassedTests,
    failed: succeeded ? found.numFailedTests : Math.max(1, found.numFailedTests),
    skipped: found.numTotalTests - found.numPassedTests - found.numFailedTests,
  };
}

/** The last line of a run. */
export function closingLine(tallies: readonly Tally[]): string {
  const sum = (key: keyof Tally) => tallies.reduce((total, tally) => total + tally[key], 0);
  const skipped = sum("skipped");
  return `${sum("passed")} passed, ${sum("failed")} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`;
}

function secondsSince(began: number): number {
  return Math.round((Date.now() - began) / 1000);
}
