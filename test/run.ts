import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../platforms/failure.ts";
import { allVersions, migratingPair, type OpenClawVersion } from "../toolchain/images/openclaw-versions.ts";
import { lastBegin, lastBeginVariable } from "./support/last-begin.ts";
import { type Needs, partsFile, partsVariable } from "./support/parts.ts";
import {
  closingLine,
  reported,
  runStage,
  type StageProgram,
  type StageReport,
  type Tally,
} from "./support/stage.ts";
import { timeTable } from "./support/time-table.ts";

const last = lastBegin(Date.now(), process.env);
const budget: Record<string, string> = last === undefined ? {} : { [lastBeginVariable]: last };

/** In this order: what needs nothing first, so that a slip shows within seconds and not after the set-up. */
const stages = ["types", "lint", "unit", "fixtures", "integration"] as const;
/** Only when it is named: see vitest.config.ts. */
const onDemand = ["long", "pending", "versions"] as const;
/** They need the set-up. */
const onRealParts: readonly Stage[] = ["integration", ...onDemand];
const allStages = [...stages, ...onDemand] as const;
type Stage = (typeof allStages)[number];

const noTests: Tally = { passed: 0, failed: 0, skipped: 0 };

/** Runs them all: what fails early hides nothing of what comes later. */
async function main(wanted: readonly Stage[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "clawforce-run-"));
  const reports: StageReport[] = [];
  let parts: string | undefined;
  try {
    for (const stage of wanted) {
      if (!onRealParts.includes(stage)) {
        reports.push(await runStage(programOf(stage, folder), write));
        continue;
      }
      if (!reports.some(({ title }) => title === setUpTitle)) {
        reports.push(
          await reported(setUpTitle, write, async () => {
            parts = await setUp(folder, needsOf(wanted));
            return { tally: parts === undefined ? { ...noTests, failed: 1 } : noTests, files: [] };
          }),
        );
      }
      if (parts === undefined) {
        write(`\n── ${stage}: not run, because the set-up failed\n`);
        continue;
      }
      const environment = { [partsVariable]: parts, ...budget };
      reports.push(await runStage({ ...programOf(stage, folder), environment }, write));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  write(
    `\n${timeTable(
      reports,
      reports.flatMap(({ files }) => files),
    )}\n`,
  );
  const tallies = reports.map(({ tally }) => tally);
  write(`\n${closingLine(tallies)}\n`);
  return tallies.every(({ failed }) => failed === 0) ? 0 : 1;
}

function programOf(stage: Stage, folder: string): StageProgram {
  switch (stage) {
    case "types":
      return { title: stage, argv: ["node_modules/typescript/bin/tsc", "--noEmit"] };
    case "lint":
      return { title: stage, argv: ["node_modules/@biomejs/biome/bin/biome", "check", "."] };
    case "unit":
    case "fixtures":
      return vitest(stage, "default", folder);
    case "integration":
    case "long":
    case "pending":
    case "versions":
      return vitest(stage, "verbose", folder);
  }
}

function vitest(stage: Stage, reporter: "default" | "verbose", folder: string): StageProgram {
  const reporters = [`--reporter=${reporter}`, "--reporter=./test/support/results.ts"];
  return {
    title: stage,
    argv: ["node_modules/vitest/vitest.mjs", "run", "--project", stage, ...reporters],
    results: join(folder, `${stage}.json`),
  };
}

const setUpTitle = "set-up";

/** Of all of these stages together. */
function needsOf(wanted: readonly Stage[]): Needs {
  const versions = wanted.flatMap((stage) => versionsFor[stage] ?? []);
  return {
    versions: allVersions.filter((each) => versions.includes(each)),
    irc: wanted.includes("pending"),
    compose: wanted.includes("long"),
    kubernetes: ["integration", "long", "pending"].some((stage) => wanted.includes(stage as Stage)),
  };
}

const versionsFor: Partial<Record<Stage, readonly OpenClawVersion[]>> = {
  integration: migratingPair,
  long: ["2026.4.15", "2026.4.23"],
  pending: ["2026.4.15", "2026.4.22", "2026.4.23"],
  versions: allVersions,
};

/** The set-up counts as a test that fails when it can't be done; the reason is printed. */
async function setUp(folder: string, needs: Needs): Promise<string | undefined> {
  try {
    return await partsFile(folder, (line) => write(`${line}\n`), needs);
  } catch (error) {
    write(`${messageOf(error)}\n`);
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
