import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Stryker } from "@stryker-mutator/core";

/** Of all changes, those that a test notices, in percent. */
const goal = 90;

type Mutant = Awaited<ReturnType<Stryker["runMutationTest"]>>[number];

/**
 * Changes the policies in every way that Stryker knows, one change at a time, and counts the changes that a test
 * notices. Takes files to look at, with lines if need be (`policies/verdict.ts:10-20`); none: all.
 */
async function main(only: readonly string[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "clawforce-mutation-"));
  try {
    const mutants = await new Stryker({
      testRunner: "vitest",
      plugins: ["@stryker-mutator/vitest-runner"],
      vitest: { configFile: "test/mutation/vitest.config.ts", related: false },
      mutate: only.length > 0 ? [...only] : ["policies/**/*.ts", "!policies/index.ts"],
      coverageAnalysis: "perTest",
      concurrency: 2,
      // A change is noticed when a test fails or never ends, not when the machine is busy.
      timeoutMS: 30_000,
      tempDirName: folder,
      reporters: ["progress-append-only"],
      // The score is judged below, with its survivors.
      thresholds: { high: 100, low: goal, break: null },
    }).runMutationTest();
    const score = report(mutants);
    return score >= goal ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Prints each change that no test notices, and the score of each file; gives that of all. */
function report(mutants: readonly Mutant[]): number {
  const byFile = Map.groupBy(mutants, ({ fileName }) => fileName.slice(fileName.indexOf("policies/")));
  const rows: string[] = [];
  for (const [file, all] of [...byFile].toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    const lines = readFileSync(file, "utf8").split("\n");
    for (const mutant of all.filter(isUnnoticed)) {
      const { line, column } = mutant.location.start;
      const instead = (mutant.replacement ?? "").replaceAll(/\s+/g, " ").slice(0, 60);
      const found = (lines[line - 1] ?? "").trim().slice(0, 90);
      console.log(`${file}:${line}:${column} ${mutant.mutatorName} → ${instead}    ${found}`);
    }
    rows.push(scoreLine(file, all));
  }
  console.log(`\n${rows.join("\n")}\n${scoreLine("all", mutants)}; goal: ${goal} %`);
  return scoreOf(mutants);
}

function isUnnoticed({ status }: Mutant): boolean {
  return status === "Survived" || status === "NoCoverage";
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
