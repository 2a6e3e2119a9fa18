import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../operations/failure.ts";
import { lastBegin, lastBeginVariable } from "./support/last-begin.ts";
import { partsFile, partsVariable } from "./support/parts.ts";
import { closingLine, runStage, type Tally } from "./support/stage.ts";

const last = lastBegin(Date.now(), process.env);
const budget: Record<string, string> = last === undefined ? {} : { [lastBeginVariable]: last };

/** In this order: what needs nothing first, so that a slip shows within seconds and not after the set-up. */
const stages = ["types", "lint", "unit", "fixtures", "integration"] as const;
/** Only when it is named: see vitest.config.ts. */
const onDemand = ["pending"] as const;
const allStages = [...stages, ...onDemand] as const;
type Stage = (typeof allStages)[number];

async function main(wanted: readonly Stage[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "clawforce-run-"));
  const tallies: Tally[] = [];
  try {
    for (const [index, stage] of wanted.entries()) {
      const tally = await run(stage, folder);
      tallies.push(tally);
      if (tally.failed > 0 && index + 1 < wanted.length) {
        const rest = wanted.slice(index + 1).join(", ");
        write(`\n${stage} failed, so these were not run: ${rest}.\n`);
        break;
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  write(`\n${closingLine(tallies)}\n`);
  return tallies.every(({ failed }) => failed === 0) ? 0 : 1;
}

async function run(stage: Stage, folder: string): Promise<Tally> {
  switch (stage) {
    case "types":
      return runStage({ title: stage, argv: ["node_modules/typescript/bin/tsc", "--noEmit"] }, write);
    case "lint":
      return runStage({ title: stage, argv: ["node_modules/@biomejs/biome/bin/biome", "check", "."] }, write);
    case "unit":
    case "fixtures":
      return runStage(vitest(stage, folder), write);
    case "integration":
    case "pending": {
      const file = await setUp(folder);
      return file === undefined
        ? { passed: 0, failed: 1, skipped: 0 }
        : runStage({ ...vitest(stage, folder), environment: { [partsVariable]: file, ...budget } }, write);
    }
  }
}

function vitest(stage: Stage, folder: string) {
  const results = join(folder, `${stage}.json`);
  const reporters = [stage === "unit" ? "--reporter=default" : "--reporter=verbose", "--reporter=json"];
  return {
    title: stage,
    argv: [
      "node_modules/vitest/vitest.mjs",
      "run",
      "--project",
      stage,
      ...reporters,
      `--outputFile.json=${results}`,
    ],
    results,
  };
}

/** The set-up counts as a test that fails when it can't be done; the reason is printed. */
async function setUp(folder: string): Promise<string | undefined> {
  write("\n── set-up\n");
  try {
    return await partsFile(folder, (line) => write(`${line}\n`));
  } catch (error) {
    write(`── set-up failed: ${messageOf(error)}\n`);
    return undefined;
  }
}

function write(text: string): void {
  process.stdout.write(text);
}

function stagesOf(argv: readonly string[]): readonly Stage[] {
  const unknown = argv.filter((name) => !(allStages as readonly string[]).includes(name));
  if (unknown.length > 0) {
    throw new Error(`There is no stage ${unknown.join(", ")}. The stages are ${allStages.join(", ")}.`);
  }
  return argv.length === 0 ? stages : allStages.filter((stage) => argv.includes(stage));
}

process.exitCode = await main(stagesOf(process.argv.slice(2)));
