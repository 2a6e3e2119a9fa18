import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectFolder } from "../fleet/project.ts";
import { partsFile, partsVariable } from "../test/support/parts.ts";
import { partsOfThisRun, World } from "../test/support/world.ts";

const rounds = 9;
const goal = 1.5;

/** A project with a program that does nothing, on the same runtime options, SDK and backend kind as ours. */
async function emptyProject(folder: string): Promise<string[]> {
  const project = join(folder, "empty");
  await mkdir(join(folder, "empty-state"));
  await mkdir(project);
  const ours = await readFile(join(projectFolder, "Pulumi.yaml"), "utf8");
  await writeFile(join(project, "Pulumi.yaml"), ours.replace(/^name: .*/m, "name: empty"));
  await writeFile(join(project, "package.json"), JSON.stringify({ type: "module", main: "index.ts" }));
  await writeFile(join(project, "index.ts"), "export {};\n");
  await symlink(join(projectFolder, "node_modules"), join(project, "node_modules"));
  return ["--cwd", project, "--stack", "empty"];
}

function pulumi(argv: string[], environment: Record<string, string>): Promise<void> {
  const child = spawn("pulumi", [...argv, "--non-interactive"], {
    cwd: projectFolder,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`pulumi ${argv.join(" ")} ended with ${code}:\n${output}`)),
    );
  });
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function measure(folder: string, world: World): Promise<void> {
  const up = await world.up();
  if (up.code !== 0) throw new Error(up.output);
  const flags = await emptyProject(folder);
  const ours = world.environment();
  const empty = { ...ours, PULUMI_BACKEND_URL: `file://${join(folder, "empty-state")}` };
  await pulumi(["stack", "init", "empty", "--no-select", ...flags.slice(0, 2)], empty);
  await pulumi(["up", "--yes", "--skip-preview", ...flags], empty);

  const times = { empty: [] as number[], workloads: [] as number[] };
  const stack = ["--stack", world.stack, "--config-file", world.configFile];
  // One after the other in turns, so that whatever else the machine does meets both alike; the first round warms up.
  for (let round = 0; round <= rounds; round += 1) {
    const one = await seconds(() => pulumi(["preview", ...flags], empty));
    const other = await seconds(() => pulumi(["preview", ...stack], ours));
    console.log(`round ${round}: empty ${one.toFixed(2)} s, three workloads ${other.toFixed(2)} s`);
    if (round === 0) continue;
    times.empty.push(one);
    times.workloads.push(other);
  }
  console.log(table(times));
}

function table({ empty, workloads }: { empty: number[]; workloads: number[] }): string {
  const ratio = median(workloads) / median(empty);
  const row = (name: string, values: number[]) =>
    [
      name.padEnd(16),
      ...[Math.min(...values), median(values), Math.max(...values)].map((each) => each.toFixed(2)),
    ]
      .map((cell, index) => (index === 0 ? cell : cell.padStart(8)))
      .join("");
  return [
    "",
    `${"pulumi preview".padEnd(16)}     min  median     max   (seconds, ${rounds} rounds)`,
    row("empty program", empty),
    row("three workloads", workloads),
    `ratio of the medians: ${ratio.toFixed(2)} (goal: ${goal} at most, ${ratio <= goal ? "reached" : "missed"})`,
  ].join("\n");
}

const folder = await mkdtemp(join(tmpdir(), "clawforce-bench-"));
try {
  process.env[partsVariable] = await partsFile(folder, console.log);
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
