import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectFolder } from "../fleet/project.ts";
import { runPulumi } from "../fleet/pulumi-command.ts";
import { partsFile, partsVariable } from "../test/support/parts.ts";
import { partsOfThisRun, World } from "../test/support/world.ts";
import { median } from "./median.ts";

const rounds = 9;
const goal = 1.5;

interface Case {
  name: string;
  argv: string[];
  environment: Record<string, string>;
  seconds: number[];
}

/**
 * `pulumi new typescript` begins with a program that imports the SDK and has no resource: that is the empty one. What
 * the import alone costs shows beside a program without it.
 */
const emptyPrograms = {
  "no program at all": "export {};\n",
  "empty program": 'import * as pulumi from "@pulumi/pulumi";\n\nvoid pulumi;\n',
};

/** A project with a program of its own, on the same runtime options, SDK and kind of backend as ours. */
async function otherProject(
  folder: string,
  name: string,
  program: string,
  ours: Record<string, string>,
): Promise<Case> {
  const project = join(folder, name.replaceAll(" ", "-"));
  const state = `${project}-state`;
  await mkdir(project);
  await mkdir(state);
  const settings = await readFile(join(projectFolder, "Pulumi.yaml"), "utf8");
  await writeFile(join(project, "Pulumi.yaml"), settings.replace(/^name: .*/m, "name: empty"));
  await writeFile(join(project, "package.json"), JSON.stringify({ type: "module", main: "index.ts" }));
  await writeFile(join(project, "index.ts"), program);
  await symlink(join(projectFolder, "node_modules"), join(project, "node_modules"));
  const environment = { ...ours, PULUMI_BACKEND_URL: `file://${state}` };
  const argv = ["--cwd", project, "--stack", "empty"];
  await pulumi(["stack", "init", "empty", "--no-select", "--cwd", project], environment);
  await pulumi(["up", "--yes", "--skip-preview", ...argv], environment);
  return { name, argv, environment, seconds: [] };
}

async function pulumi(argv: string[], env: Record<string, string>): Promise<void> {
  const { code, stdout, stderr } = await runPulumi([...argv, "--non-interactive"], 600, { env });
  if (code !== 0) throw new Error(`pulumi ${argv.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

async function measure(folder: string, world: World): Promise<void> {
  const up = await world.up();
  if (up.code !== 0) throw new Error(up.output);
  const ours = world.environment();
  const cases: Case[] = [];
  for (const [name, program] of Object.entries(emptyPrograms)) {
    cases.push(await otherProject(folder, name, program, ours));
  }
  const argv = ["--stack", world.stack, "--config-file", world.configFile];
  cases.push({ name: "three workloads", argv, environment: ours, seconds: [] });

  // One after the other in turns, so that whatever else the machine does meets all alike; the first round warms up.
  for (let round = 0; round <= rounds; round += 1) {
    const times: string[] = [];
    for (const each of cases) {
      const took = await seconds(() => pulumi(["preview", ...each.argv], each.environment));
      times.push(`${each.name} ${took.toFixed(2)} s`);
      if (round > 0) each.seconds.push(took);
    }
    console.log(`round ${round}: ${times.join(", ")}`);
  }
  console.log(table(cases));
}

function table(cases: readonly Case[]): string {
  const width = 20;
  const empty = cases.find(({ name }) => name === "empty program");
  const row = (cells: readonly string[]) =>
    cells.map((cell, index) => (index === 0 ? cell.padEnd(width) : cell.padStart(8))).join("");
  const rows = cases.map(({ name, seconds: all }) => {
    const ratio = median(all) / median(empty?.seconds ?? []);
    return { name, ratio, cells: [Math.min(...all), median(all), Math.max(...all), ratio] };
  });
  const ratio = rows.at(-1)?.ratio ?? Number.NaN;
  return [
    "",
    row(["pulumi preview", "min", "median", "max", "ratio"]),
    ...rows.map(({ name, cells }) => row([name, ...cells.map((cell) => cell.toFixed(2))])),
    `seconds, ${rounds} rounds in turns; goal: ${goal} times the empty program at most, ${ratio <= goal ? "reached" : "missed"}`,
  ].join("\n");
}

const folder = await mkdtemp(join(tmpdir(), "clawforce-bench-"));
try {
  process.env[partsVariable] = await partsFile(folder, console.log, { versions: [] });
  const parts = await partsOfThisRun();
  Object.assign(process.env, parts.environment);
  const world = await World.create({ stable: parts.images.fixture[1] });
  try {
    console.log("three workloads are brought up …");
    await measure(folder, world);
  } finally {
    await world.destroy();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
