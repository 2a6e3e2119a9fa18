import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pauseOf } from "../fleet/move-steps.ts";
import { type RecordedMove, recordedMoves } from "../fleet/recorded-moves.ts";
import { dockerCommand } from "../test/support/docker-command.ts";
import type { Run } from "../test/support/outcome.ts";
import { partsFile, partsVariable } from "../test/support/parts.ts";
import { partsOfThisRun, World } from "../test/support/world.ts";

/** Megabytes of state. */
const sizes = [10, 200, 1000];
/** Updates of each kind at each size, in turns: one without a rehearsal, one with it. */
const rounds = Number(process.env.CLAWFORCE_BENCH_ROUNDS ?? 3);
/** How far a forecast may be from the fact, and for how many of ten. */
const [goalPercent, goalOfTen] = [20, 9];
/** Of the pause of an update that was rehearsed to that of one that was not, the migration apart. */
const pauseGoal = 1.1;

interface Measured {
  drill: number;
  rehearsal: number;
  /** Megabytes that the copy took at most: its disk, and the memory of what ran on it. */
  disk: number;
  memory: number;
}

interface Updated {
  /** Seconds in which the workload answered nothing, and those of them that the migration took. */
  pause: number;
  migration: number;
  forecast: number | undefined;
}

interface Result extends Measured {
  megabytes: number;
  without: Updated[];
  with: Updated[];
}

const doctor = [{ command: ["fixture", "doctor", "--fix"], deadline: "5m" }];

async function measure(megabytes: number): Promise<Result> {
  const { fixture } = (await partsOfThisRun()).images;
  const result: Result = {
    ...{ megabytes, drill: 0, rehearsal: 0, disk: 0, memory: 0 },
    ...{ without: [], with: [] },
  };
  for (let round = 1; round <= rounds; round += 1) {
    for (const kind of ["without", "with"] as const) {
      const world = await World.create(
        { stable: fixture[2] },
        {
          ...{ instances: 1, patience: true },
          // Each update asks for a drill, as by default; the second kind for a rehearsal too.
          settings: () => ({ rehearsal: { enabled: kind === "with", deadline: "10m" } }),
        },
      );
      try {
        const name = world.instances[0] as string;
        must(await world.up());
        await fill(name, megabytes);
        const images = { stable: fixture[2], candidate: fixture[3], migrate: doctor };
        if (round === 1) {
          if (kind === "without") result.drill = await seconds(() => world.fleet("drill"));
          else {
            await world.configure({ images });
            const watch = watchCopies(name);
            result.rehearsal = await seconds(() => world.fleet("rehearse"));
            Object.assign(result, await watch.end());
          }
        }
        await world.configure({ images });
        must(await world.up());
        const updated = updatedBy(recordedMoves(await world.records(name)));
        result[kind].push(updated);
        console.log(
          `${megabytes} MB, round ${round}, ${kind} a rehearsal: pause ${updated.pause.toFixed(1)} s` +
            `${updated.forecast === undefined ? "" : `, forecast ${updated.forecast.toFixed(1)} s`}`,
        );
      } finally {
        await world.destroy();
      }
    }
  }
  return result;
}

function must({ code, output }: Run): void {
  if (code !== 0) throw new Error(output);
}

async function seconds(work: () => Promise<Run>): Promise<number> {
  const began = performance.now();
  must(await work());
  return (performance.now() - began) / 1000;
}

/** Files of 1 MB that no compression makes smaller. */
async function fill(name: string, megabytes: number): Promise<void> {
  const script =
    "const fs=require('node:fs'),{randomBytes}=require('node:crypto');const [folder,count]=process.argv.slice(1);" +
    "fs.mkdirSync(folder,{recursive:true});for(let n=0;n<Number(count);n+=1)fs.writeFileSync(folder+'/'+n,randomBytes(1e6))";
  await dockerCommand("exec", name, "node", "-e", script, "/home/node/.openclaw/media", String(megabytes));
}

/** Looks at what stands on the copy until `end`, every second. */
function watchCopies(workload: string): { end(): Promise<{ disk: number; memory: number }> } {
  const most = { disk: 0, memory: 0 };
  let goes = true;
  const watched = (async () => {
    while (goes) {
      const { disk, memory } = await copyNow(workload).catch(() => ({ disk: 0, memory: 0 }));
      most.disk = Math.max(most.disk, disk);
      most.memory = Math.max(most.memory, memory);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  })();
  return {
    async end() {
      goes = false;
      await watched;
      return most;
    },
  };
}

async function copyNow(workload: string): Promise<{ disk: number; memory: number }> {
  const ids = (
    await dockerCommand("ps", "--quiet", "--filter", `label=clawforce.one-shot=${workload}`)
  ).split("\n");
  let memory = 0;
  for (const id of ids.filter((each) => each !== "")) {
    const used = await dockerCommand("stats", "--no-stream", "--format", "{{.MemUsage}}", id);
    memory += megabytesOf(used.split("/")[0] ?? "");
  }
  const all = JSON.parse(await dockerCommand("system", "df", "-v", "--format", "{{json .Volumes}}")) as {
    Name: string;
    Size: string;
    Labels: string;
  }[];
  const disk = all
    .filter(({ Labels }) => Labels.includes(`clawforce.one-shot=${workload}`))
    .reduce((sum, { Size }) => sum + megabytesOf(Size), 0);
  return { disk, memory };
}

/** "12.3MiB" or "4.5kB" as megabytes. */
function megabytesOf(text: string): number {
  const [, number = "0", unit = "B"] = /([\d.]+)\s*([kKMGT]?i?B)/.exec(text) ?? [];
  const scale: Record<string, number> = {
    B: 1e-6,
    kB: 1e-3,
    KiB: 1e-3,
    MB: 1,
    MiB: 1.05,
    GB: 1e3,
    GiB: 1074,
  };
  return Number(number) * (scale[unit] ?? 0);
}

function updatedBy(moves: readonly RecordedMove[]): Updated {
  const move = moves.findLast(({ cutOver }) => cutOver !== undefined);
  const pause = move && pauseOf(move);
  if (move === undefined || pause === undefined) throw new Error("no update is on record");
  return {
    pause: (pause.ended - pause.began) / 1000,
    migration: move.migration?.seconds ?? 0,
    forecast: move.rehearsal?.forecast?.total,
  };
}

function table(results: readonly Result[]): string {
  const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
  const rest = ({ pause, migration }: Updated) => pause - migration;
  const head = [
    "state",
    "drill",
    "rehearsal",
    "ratio",
    "its disk",
    "its memory",
    "pause",
    "rehearsed",
    "ratio",
  ];
  const rows = results.map((each) => {
    const [without, rehearsed] = [mean(each.without.map(rest)), mean(each.with.map(rest))];
    return [
      `${each.megabytes} MB`,
      `${each.drill.toFixed(1)} s`,
      `${each.rehearsal.toFixed(1)} s`,
      (each.rehearsal / each.drill).toFixed(2),
      `${each.disk.toFixed(0)} MB`,
      `${each.memory.toFixed(0)} MB`,
      `${without.toFixed(1)} s`,
      `${rehearsed.toFixed(1)} s`,
      (rehearsed / without).toFixed(2),
    ];
  });
  const worst = Math.max(...rows.map((row) => Number(row.at(-1))));
  const forecasts = results.flatMap((each) => each.with).filter(({ forecast }) => forecast !== undefined);
  const errors = forecasts.map(({ forecast = 0, pause }) => Math.abs(forecast - pause) / pause);
  const near = errors.filter((error) => error * 100 <= goalPercent).length;
  return [
    "",
    ...[head, ...rows].map((row) => row.map((cell) => cell.padStart(11)).join("")),
    `pauses without their migrations, ${rounds} updates of each kind in turns; goal: ${pauseGoal} times at most, ${worst <= pauseGoal ? "reached" : "missed"}`,
    `forecasts within ${goalPercent} % of the fact: ${near} of ${errors.length}; goal: ${goalOfTen} of 10, ${near * 10 >= errors.length * goalOfTen ? "reached" : "missed"}`,
    `their errors: ${errors.map((error) => `${Math.round(error * 100)} %`).join(", ")}`,
  ].join("\n");
}

const folder = await mkdtemp(join(tmpdir(), "clawforce-bench-"));
try {
  process.env[partsVariable] = await partsFile(folder, console.log, { versions: [] });
  Object.assign(process.env, (await partsOfThisRun()).environment);
  const results: Result[] = [];
  for (const megabytes of sizes) results.push(await measure(megabytes));
  console.log(table(results));
} finally {
  await rm(folder, { recursive: true, force: true });
}
