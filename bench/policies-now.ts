import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectFolder } from "../fleet/project.ts";
import { digestPinned, noMutableImage } from "../policies/image-rules.ts";
import { rules } from "../policies/rules.ts";
import { judged } from "../test/policy/judged.ts";
import { partsFile, partsVariable } from "../test/support/parts.ts";
import { partsOfThisRun } from "../test/support/world.ts";

const sizes = [0, 10, 100, 1000];
const rounds = 2;
/** Milliseconds for each resource at the largest size. */
const goal = 1.5;
/** Milliseconds for 10 kB of the worst text in each place of one resource. */
const hostileGoal = 5;

interface Taken {
  /** Wall clock. */
  seconds: number;
  /** What the engine, the program, the providers and the pack have used of the processors. */
  processor: number;
}

interface Case {
  resources: number;
  project: string;
  without: Taken[];
  with: Taken[];
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
  return { resources, project, without: [], with: [] };
}

async function pulumi(project: string, argv: string[]): Promise<string> {
  const child = spawn("pulumi", [...argv, "--non-interactive", "--cwd", project], {
    env: {
      ...process.env,
      PULUMI_BACKEND_URL: `file://${join(project, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "a passphrase of the bench",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
    });
  }
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`pulumi ${argv.join(" ")} ended with ${code}:\n${output}`);
  return output;
}

async function preview(project: string, pack: string | undefined): Promise<Taken> {
  const flags = pack === undefined ? [] : ["--policy-pack", join(projectFolder, "policies")];
  const config = pack === undefined ? [] : ["--policy-pack-config", pack];
  const [began, used] = [performance.now(), await processorOfChildren()];
  const output = await pulumi(project, ["preview", "--stack", "bench", ...flags, ...config]);
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

function median(all: readonly Taken[], what: keyof Taken): number {
  const values = all.map((each) => each[what]).toSorted((one, other) => one - other);
  return values[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function measure(cases: readonly Case[], pack: string): Promise<void> {
  // One after the other in turns, so that whatever else the machine does meets all alike; the first round warms up.
  for (let round = 0; round <= rounds; round += 1) {
    const times: string[] = [];
    for (const each of cases) {
      const [without, judged] = [await preview(each.project, undefined), await preview(each.project, pack)];
      times.push(`${each.resources}: ${without.seconds.toFixed(2)} s, ${judged.seconds.toFixed(2)} s`);
      if (round === 0) continue;
      each.without.push(without);
      each.with.push(judged);
    }
    console.log(`round ${round}: ${times.join("; ")}`);
  }
}

/** Of texts that bring a careless reader to go back and forth: 10 kB of each, as an image and inside of a setting. */
const hostile = [
  "a",
  "a-",
  "a/",
  "a.",
  "a_",
  "__",
  "--",
  ":",
  "@",
  "[",
  "A/",
  "a:",
  "@sha256:",
  "a/a:a@",
  "image:",
  "aA",
];

function hostileLine(): string {
  const took = hostile.flatMap((part) => {
    const text = part.repeat(10_240).slice(0, 10_240);
    const resources = [
      { type: "docker:index/container:Container", props: { image: text, envs: [`${text}=${text}`] } },
      { type: "kubernetes:core/v1:ConfigMap", props: { data: { [text]: text, agent_image: text } } },
    ];
    return [noMutableImage, digestPinned].flatMap((rule) =>
      resources.map((resource) => {
        const times = Array.from({ length: rounds }, () => {
          const began = performance.now();
          judged(rule, resource);
          return performance.now() - began;
        });
        return times.toSorted((one, other) => one - other)[Math.floor(rounds / 2)] ?? Number.NaN;
      }),
    );
  });
  return `10 kB of hostile input take a rule ${Math.max(...took).toFixed(2)} ms at most; goal: ${hostileGoal} ms`;
}

function table(cases: readonly Case[]): string {
  const row = (cells: readonly string[]) => cells.map((cell) => cell.padStart(12)).join("");
  const startUp = addedIn(cases[0], "seconds");
  const startUpOfProcessor = addedIn(cases[0], "processor");
  const perResource = (each: Case, what: keyof Taken, fixed: number) =>
    each.resources === 0 ? "" : (((addedIn(each, what) - fixed) / each.resources) * 1000).toFixed(2);
  const rows = cases.map((each) => {
    const [without, judged] = [median(each.without, "seconds"), median(each.with, "seconds")];
    return row([
      String(each.resources),
      ...[without, judged, judged - without, judged / without].map((value) => value.toFixed(2)),
      perResource(each, "seconds", startUp),
      addedIn(each, "processor").toFixed(2),
      perResource(each, "processor", startUpOfProcessor),
    ]);
  });
  return [
    "",
    row(["resources", "without s", "with s", "added s", "ratio", "ms each", "CPU added s", "CPU ms each"]),
    ...rows,
    `medians of ${rounds} rounds in turns, ${rules.length} rules; 0 resources: what the pack takes to start, which is left out of`,
    `"each". Goal: ${goal} ms for each of ${sizes.at(-1)} at most.`,
  ].join("\n");
}

function addedIn(each: Case | undefined, what: keyof Taken): number {
  return each === undefined ? Number.NaN : median(each.with, what) - median(each.without, what);
}

const folder = await mkdtemp(join(tmpdir(), "clawforce-bench-"));
try {
  process.env[partsVariable] = await partsFile(folder, console.log);
  Object.assign(process.env, (await partsOfThisRun()).environment);
  const pack = join(folder, "pack.json");
  // Not a word about the first start: each resource is new to the bench's stacks.
  await writeFile(pack, JSON.stringify({ "canary-before-fleet": { levels: { firstStart: "disabled" } } }));
  const cases: Case[] = [];
  for (const size of sizes) cases.push(await makeCase(folder, size));
  await measure(cases, pack);
  console.log(table(cases));
  console.log(hostileLine());
} finally {
  await rm(folder, { recursive: true, force: true });
}
