import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Stream, type StreamCounts } from "../demo/stream.ts";
import { recordedMoves } from "../fleet/recorded-moves.ts";
import { derivedImage } from "../test/support/derived-image.ts";
import type { Run } from "../test/support/outcome.ts";
import { partsFile, partsVariable } from "../test/support/parts.ts";
import { partsOfThisRun } from "../test/support/world.ts";
import { hostOf } from "../test/support/world-settings.ts";
import { onDocker } from "./sites/docker.ts";
import { onKubernetes } from "./sites/kubernetes.ts";
import type { Site } from "./sites/site.ts";
import {
  type Figures,
  figuresText,
  judged,
  type Life,
  partsOf,
  type Replaced,
  type Seen,
  type Updated,
} from "./update-figures.ts";

/** Updates and replacements, in turns. */
const rounds = Number(process.env.CLAWFORCE_BENCH_ROUNDS ?? 3);
/** Requests a second. */
const rate = 50;
/** Load of a core, above which a machine is not quiet. */
const quiet = 0.25;

const platforms = { docker: onDocker, kubernetes: onKubernetes };

/** An update of one gateway under requests, beside what its platform's own client does with the same gateway. */
async function measure(onPlatform: (stable: string) => Promise<Site>): Promise<Figures> {
  const { fixture } = (await partsOfThisRun()).images;
  const images = await versionsOf(fixture[2], rounds + 1);
  const site = await onPlatform(images[0] as string);
  try {
    const [name = ""] = site.world.instances;
    const [updated, replaced]: [Updated[], Replaced[]] = [[], []];
    for (let round = 1; round <= rounds; round += 1) {
      const [stable, candidate] = images.slice(round - 1) as [string, string];
      await site.world.configure({ images: { stable } });
      must(await site.world.up());
      await site.world.configure({ images: { stable, candidate } });
      const update = await underRequests(site, async () => must(await site.world.up()));
      const move = recordedMoves(await site.world.records(name)).findLast(
        (each) => each.cutOver !== undefined,
      );
      if (move === undefined) throw new Error("no update is on record");
      const { pause, parts } = partsOf(move, update.life);
      updated.push({ ...update.seen, pause, parts });
      told(round, "pulumi up", update.seen, `, pause ${pause.toFixed(1)} s`);
      const { life, seen } = await underRequests(site, () => site.replace(stable));
      const [stop, ready] = [(life.gone - life.told) / 1000, (life.ready - life.made) / 1000];
      replaced.push({ ...seen, stop, ready });
      told(round, site.client, seen);
      await site.putBack();
    }
    return { updated, replaced, client: site.client };
  } finally {
    await site.close();
  }
}

/** Images of one version under digests of their own: nothing differs but who replaces which. */
async function versionsOf(base: string, count: number): Promise<string[]> {
  const all: string[] = [];
  for (let each = 1; each <= count; each += 1) {
    all.push(await derivedImage(base, `bench-${each}`, [`LABEL clawforce.bench="${each}"`]));
  }
  return all;
}

async function underRequests(site: Site, work: () => Promise<void>): Promise<{ life: Life; seen: Seen }> {
  const [name = ""] = site.world.instances;
  const { address, port } = site;
  const target = { workload: name, host: hostOf(name), path: "/version" };
  const stream = new Stream({ address, port, rate, timeout: 600, targets: [target] });
  const watch = await site.watch();
  stream.start();
  try {
    await sleep(1000);
    await work();
    const life = await watch.life();
    await sleep(1000);
    const { sent, failed, silence } = (await stream.stop())[name] as StreamCounts;
    return { life, seen: { sent, failed, silence } };
  } finally {
    await stream.stop();
    await watch.close();
  }
}

function told(round: number, who: string, { sent, failed, silence }: Seen, more = ""): void {
  const load = loadavg()[0]?.toFixed(1);
  const requests = `${failed} of ${sent} requests failed, nobody was served for ${silence.toFixed(1)} s`;
  console.log(`round ${round}, ${who}: ${requests}${more} (load ${load})`);
}

function must({ code, output }: Run): void {
  if (code !== 0) throw new Error(output);
}

/** The program sees the load of its own set-up too: what it says is what to look at, not a verdict. */
function loadText(load: number): string {
  const cores = availableParallelism();
  const calm = load <= quiet * cores;
  const advice = calm ? "" : ": not a quiet machine, so these figures are a trial of the program";
  return `load ${load.toFixed(1)} of ${cores} cores at the beginning${advice}`;
}

function wantedPlatform(argv: string[]): keyof typeof platforms {
  const { platform = "docker" } = parseArgs({ args: argv, options: { platform: { type: "string" } } }).values;
  if (!Object.hasOwn(platforms, platform)) {
    throw new Error(`--platform ${platform}: write ${Object.keys(platforms).join(" or ")}.`);
  }
  return platform as keyof typeof platforms;
}

const platform = wantedPlatform(process.argv.slice(2));
const load = loadText(loadavg()[0] ?? 0);
console.log(load);
const folder = await mkdtemp(join(tmpdir(), "clawforce-bench-"));
try {
  const needs = { versions: [], kubernetes: platform === "kubernetes" };
  process.env[partsVariable] = await partsFile(folder, console.log, needs);
  Object.assign(process.env, (await partsOfThisRun()).environment);
  const figures = await measure(platforms[platform]);
  const { noneFailed, inTime } = judged(figures);
  console.log(
    `${figuresText(figures)}\n${platform}, ${rounds} of each in turns, ${rate} requests a second; ${load}`,
  );
  process.exitCode = noneFailed && inTime ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
