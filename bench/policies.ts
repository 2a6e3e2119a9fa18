import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectFolder } from "../fleet/project.ts";
import { runPulumi } from "../fleet/pulumi-command.ts";
import { rules } from "../policies/rules.ts";
import { partsFile, partsVariable } from "../test/support/parts.ts";
import { partsOfThisRun } from "../test/support/world.ts";
import { hostileLine } from "./hostile-texts.ts";
import { median } from "./median.ts";

const sizes = [0, 10, 100, 1000];
const rounds = 5;
/** Milliseconds for each resource at the largest size. */
const goal = 1.5;

interface Taken {
  /** Wall clock. */
  seconds: number;
  /** What the engine, the program, the providers and the pack have used of the processors. */
  processor: number;
}

/** No pack; one whose two rules say nothing, which is what the engine and the SDK cost; ours. */
const ways = ["without", "empty", "ours"] as const;
type Way = (typeof ways)[number];

interface Case {
  resources: number;
  project: string;
  taken: Record<Way, Taken[]>;
}

/** What follows `pulumi preview` for each way. */
type Flags = Readonly<Record<Way, readonly string[]>>;

const emptyPack = `import { PolicyPack } from "@pulumi/policy";

const rule = { description: "Says nothing", enforcementLevel: "mandatory" };
new PolicyPack("empty", {
  policies: [
    { ...rule, name: "each", validateResource: () => {} },
    { ...rule, name: "together", validateStack: () => {} },
  ],
});
`;

async function makeFlags(folder: string): Promise<Flags> {
  const empty = join(folder, "empty");
  await mkdir(empty);
  const manifest = { name: "empty", version: "1.0.0", type: "module", main: "main.mjs" };
  await writeFile(join(empty, "package.json"), JSON.stringify(manifest));
  await writeFile(join(empty, "PulumiPolicy.yaml"), "runtime: nodejs\nmain: main.mjs\n");
  await writeFile(join(empty, "main.mjs"), emptyPack);
  await symlink(join(projectFolder, "node_modules"), join(empty, "node_modules"));
  // Not a word about the first start: each resource is new to the bench's stacks.
  const config = join(folder, "pack.json");
  const evidenceDirectory = join(folder, "evidence");
  await mkdir(evidenceDirectory);
  const canaryBeforeFleet = { evidenceDirectory, levels: { firstStart: "disabled" } };
  await writeFile(config, JSON.stringify({ "canary-before-fleet": canaryBeforeFleet }));
  return {
    without: [],
    empty: ["--policy-pack", empty],
    ours: ["--policy-pack", join(projectFolder, "policies"), "--policy-pack-config", config],
  };
}

/** A project whose program has so many resources; 0: one that makes none. */
async function makeCase(folder: string, resources: number): Promise<Case> {
  const project = join(folder, `resources-${resources}`);
  await mkdir(join(project, "state"), { recursive: true });
  const settings = await readFile(join(projectFolder, "Pulumi.yaml"), "utf8");
  await writeFile(join(project, "Pulumi.yaml"), settings.replace(/^name: .*/m, "name: bench"));
  await writeFile(join(project, "package.json"), JSON.stringify({ type: "module", main: "index.ts" }));
  await symlink(join(projectFolder, "node_modules"), join(project, "node_modules"));
  const program = JSON.stringify(join(projectFolder, "bench/policed-program.ts"));
  await writeFile(
    join(project, "index.ts"),
    resources === 0
      ? 'import * as pulumi from "@pulumi/pulumi";\n\nvoid pulumi;\n'
      : `import { build } from ${program};\n\nbuild(${resources});\n`,
  );
  await pulumi(project, ["stack", "init", "bench", "--no-select"]);
  return { resources, project, taken: { without: [], empty: [], ours: [] } };
}

async function pulumi(project: string, argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await runPulumi([...argv, "--non-interactive", "--cwd", project], 1800, {
    env: {
      ...process.env,
      PULUMI_BACKEND_URL: `file://${join(project, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "a passphrase of the bench",
    },
  });
  const output = `${stdout}${stderr}`;
  if (code !== 0) throw new Error(`pulumi ${argv.join(" ")} ended with ${code}:\n${output}`);
  return output;
}

async function preview(project: string, flags: readonly string[]): Promise<Taken> {
  const [began, used] = [performance.now(), await processorOfChildren()];
  const output = await pulumi(project, ["preview", "--stack", "bench", ...flags]);
  const taken = {
    seconds: (performance.now() - began) / 1000,
    processor: (await processorOfChildren()) - used,
  };
  // What is refused is printed, and printing is no part of judging.
  const said = /^.*\[(mandatory|advisory)\].*$/m.exec(output);
  if (said !== null) throw new Error(`A rule has something against the program of the bench:\n${output}`);
  return taken;
}

/** Seconds of processor time of all children that have ended, and theirs (Linux). */
async function processorOfChildren(): Promise<number> {
  const stat = await readFile("/proc/self/stat", "utf8");
  const [user, system] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(13, 15);
  return (Number(user) + Number(system)) / 100;
}

function medianOf(all: readonly Taken[], what: keyof Taken): number {
  return median(all.map((each) => each[what]));
}

async function measure(cases: readonly Case[], flags: Flags): Promise<void> {
  // One after the other in turns, so that whatever else the machine does meets all alike; the first round warms up.
  for (let round = 0; round <= rounds; round += 1) {
    const times: string[] = [];
    for (const { resources, project, taken } of cases) {
      const seconds: string[] = [];
      for (const way of ways) {
        const one = await preview(project, flags[way]);
        seconds.push(`${one.seconds.toFixed(2)} s`);
        if (round > 0) taken[way].push(one);
      }
      times.push(`${resources}: ${seconds.join(", ")}`);
    }
    console.log(`round ${round}: ${times.join("; ")}`);
  }
}

function table(cases: readonly Case[]): string {
  const row = (cells: readonly string[]) => cells.map((cell) => cell.padStart(11)).join("");
  const started = cases.find(({ resources }) => resources === 0);
  const each = ({ resources, taken }: Case, from: Way, what: keyof Taken) =>
    resources === 0
      ? ""
      : (((added(taken, from, what) - added(started?.taken, from, what)) / resources) * 1000).toFixed(2);
  const rows = cases.map((one) => {
    const [without, empty, ours] = ways.map((way) => medianOf(one.taken[way], "seconds"));
    return row([
      String(one.resources),
      ...[without, empty, ours].map((value = Number.NaN) => value.toFixed(2)),
      ((ours ?? Number.NaN) / (without ?? Number.NaN)).toFixed(2),
      each(one, "without", "seconds"),
      each(one, "empty", "seconds"),
      each(one, "without", "processor"),
      each(one, "empty", "processor"),
    ]);
  });
  return [
    "",
    row([
      "resources",
      "without s",
      "empty s",
      "ours s",
      "ratio",
      "ms each",
      "ours of it",
      "CPU ms",
      "ours of it",
    ]),
    ...rows,
    `medians of ${rounds} rounds in turns, ${rules.length} rules. "empty": a pack of two rules that say nothing, so what the engine and`,
    'the SDK cost. "each": what ours adds for each resource, its start-up (0 resources) left out; "ours of it": beside',
    `the empty pack. Goal: ${goal} ms for each of ${sizes.at(-1)} at most.`,
  ].join("\n");
}

/** What our pack adds. */
function added(taken: Case["taken"] | undefined, from: Way, what: keyof Taken): number {
  return taken === undefined ? Number.NaN : medianOf(taken.ours, what) - medianOf(taken[from], what);
}

const folder = await mkdtemp(join(tmpdir(), "clawforce-bench-"));
try {
  process.env[partsVariable] = await partsFile(folder, console.log, { versions: [] });
  Object.assign(process.env, (await partsOfThisRun()).environment);
  const flags = await makeFlags(folder);
  const cases: Case[] = [];
  for (const size of sizes) cases.push(await makeCase(folder, size));
  await measure(cases, flags);
  console.log(table(cases));
  console.log(hostileLine());
} finally {
  await rm(folder, { recursive: true, force: true });
}
