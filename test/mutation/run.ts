import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Stryker } from "@stryker-mutator/core";

/** Of all changes, those that a test notices, in percent. */
const goal = 90;

/** Files that carry all of their changes at once. With all of them loaded, each single change took twice as long. */
const filesAtOnce = 6;

/** Results of before, for `--continue`. */
const kept = "node_modules/.cache/mutation.json";

type Mutant = Awaited<ReturnType<Stryker["runMutationTest"]>>[number];

/**
 * Changes the policies in every way that Stryker knows, one change at a time, and counts the changes that a test
 * notices. Takes files to look at, with lines if need be (`policies/verdict.ts:10-20`); none: all.
 *
 * - `--concurrency N`: changes tried at the same time; 2 by default.
 * - `--continue`: tries again only what is new since the last run with it. A change that a test has noticed counts as long
 *   as neither the changed code nor that test is another one, one that none has noticed until a test is added.
 */
async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { concurrency: { type: "string", default: "2" }, continue: { type: "boolean", default: false } },
  });
  const concurrency = Number(values.concurrency);
  if (!(Number.isInteger(concurrency) && concurrency > 0))
    throw new Error(`--concurrency takes a number of changes, 1 or more, not "${values.concurrency}".`);
  const found: Mutant[] = [];
  for (const files of parts(positionals.length > 0 ? positionals : allFiles()))
    found.push(...(await tried(files, concurrency, values.continue)));
  return report(found) >= goal ? 0 : 1;
}

function allFiles(): string[] {
  return readdirSync("policies")
    .filter((file) => file.endsWith(".ts") && file !== "index.ts")
    .toSorted()
    .map((file) => `policies/${file}`);
}

function parts(files: readonly string[]): string[][] {
  const starts = Array.from(
    { length: Math.ceil(files.length / filesAtOnce) },
    (_, part) => part * filesAtOnce,
  );
  return starts.map((start) => files.slice(start, start + filesAtOnce));
}

async function tried(mutate: string[], concurrency: number, incremental: boolean): Promise<Mutant[]> {
  const folder = await mkdtemp(join(tmpdir(), "clawforce-mutation-"));
  try {
    const mutants = await new Stryker({
      testRunner: "quick",
      plugins: ["@stryker-mutator/vitest-runner", "./test/mutation/quick-runner.ts"],
      vitest: { configFile: "test/mutation/vitest.config.ts", related: false },
      mutate,
      coverageAnalysis: "perTest",
      concurrency,
      ...(incremental && { incremental, incrementalFile: kept }),
      // A change is noticed when a test fails or never ends, not when the machine is busy.
      timeoutMS: 30_000,
      tempDirName: folder,
      reporters: ["progress-append-only"],
      // The score is judged below, with its survivors.
      thresholds: { high: 100, low: goal, break: null },
    }).runMutationTest();
    // What is kept of other files comes along.
    const names = mutate.map((each) => each.replace(/:.*/, ""));
    return mutants.filter((mutant) => names.includes(fileOf(mutant)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function fileOf({ fileName }: Mutant): string {
  return fileName.slice(fileName.lastIndexOf("policies/"));
}

/** Prints each change that no test notices, and the score of each file; gives that of all. */
function report(mutants: readonly Mutant[]): number {
  const rows: string[] = [];
  const byFile = Map.groupBy(mutants, fileOf);
  for (const [file, all] of [...byFile].toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    const lines = readFileSync(file, "utf8").split("\n");
    for (const mutant of all.filter(isUnnoticed)) {
      const { line, column } = mutant.location.start;
      const instead = (mutant.replacement ?? "").replaceAll(/\s+/g, " ").slice(0, 60);
      const found = (lines[line - 1] ?? "").trim().slice(0, 90);
      const untried = isUntried(mutant) ? "NOT TRIED " : "";
      console.log(`${untried}${file}:${line}:${column} ${mutant.mutatorName} → ${instead}    ${found}`);
    }
    rows.push(scoreLine(file, all));
  }
  console.log(`\n${rows.join("\n")}\n${scoreLine("all", mutants)}; goal: ${goal} %`);
  return scoreOf(mutants);
}

/** What could not be tried is noticed by nothing. */
function isUnnoticed(mutant: Mutant): boolean {
  return mutant.status === "Survived" || mutant.status === "NoCoverage" || isUntried(mutant);
}

/** Not the change fails then, but what tries it: with names of tests of 250 kB it took no test for any change. */
function isUntried({ status, statusReason }: Mutant): boolean {
  return status === "RuntimeError" && /crashed/.test(statusReason ?? "");
}

/** A change that doesn't compile or load says nothing. */
function scoreOf(mutants: readonly Mutant[]): number {
  const noticed = mutants.filter(({ status }) => status === "Killed" || status === "Timeout").length;
  return (100 * noticed) / (noticed + mutants.filter(isUnnoticed).length);
}

function scoreLine(name: string, mutants: readonly Mutant[]): string {
  const unnoticed = mutants.filter(isUnnoticed).length;
  return `${scoreOf(mutants).toFixed(1).padStart(6)} %  ${name}: ${mutants.length} changes, ${unnoticed} unnoticed`;
}

process.exitCode = await main(process.argv.slice(2));
