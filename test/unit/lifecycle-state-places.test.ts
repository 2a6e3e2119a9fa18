import { beforeEach, describe, expect, it } from "vitest";
import type { RestoreEntry, SnapshotEntry } from "../../lifecycle/evidence/records.ts";
import { markersOf, parseScriptReport } from "../../lifecycle/snapshot/markers.ts";
import { describePlan } from "../../lifecycle/update/plan.ts";
import { prepare } from "../../lifecycle/update/prepare.ts";
import { wayBackNeeds } from "../../lifecycle/update/room.ts";
import { setStateBack } from "../../lifecycle/update/set-state-back.ts";
import { situationsOf } from "../../lifecycle/update/situations.ts";
import type { Job, ProgramRun, Trial } from "../../platforms/platform.ts";
import { MemoryWorld, printed, taken } from "../support/memory-world.ts";
import { recorder } from "../support/records.ts";
import { candidate, stable } from "./config-fixture.ts";

const home = "/home/node/.openclaw";
const workspace = `${home}/workspace`;
const config = "/home/node/.config/openclaw";
const names = [workspace, config].map((at) => encodeURIComponent(at));
const checks = [{ kind: "http", path: "/healthz", body: { ok: true }, deadline: "1s" }];
const own = [
  { kind: "volume", source: "w", target: workspace, state: true },
  { kind: "bind", source: "/srv/config", target: config, state: true },
];

let world: MemoryWorld;
let jobs: Job[];
let trials: Trial[];
let programs: ProgramRun[];

function worldOf(changes: Record<string, unknown> = {}): MemoryWorld {
  return new MemoryWorld(candidate, undefined, {
    "instanceGroups.support.instances": [{ name: "canary", mounts: own }],
    "instanceGroups.support.waves": [1],
    "instanceGroups.support.gate": checks,
    "instanceGroups.support.verification": checks,
    "instanceGroups.support.drain": { budget: "1s" },
    ...changes,
  });
}

beforeEach(() => {
  world = worldOf();
  [jobs, trials, programs] = [[], [], []];
  const { platform } = world;
  const [job, trial, run] = [platform.job, platform.trial, platform.runProgram].map((each) =>
    each.bind(platform),
  ) as [typeof platform.job, typeof platform.trial, typeof platform.runProgram];
  platform.job = (each) => {
    jobs.push(each);
    return job(each);
  };
  platform.trial = (each) => {
    trials.push(each);
    return trial(each);
  };
  platform.runProgram = (each) => {
    programs.push(each);
    return run(each);
  };
  world.serving();
});

const placesOf = (purpose: string) =>
  jobs.filter((job) => job.purpose === purpose).map(({ places }) => places.map(({ at }) => at))[0];

describe("a workload whose state is in three places", () => {
  it("has all of them in each script, a folder only if it is there, and a scratch copy of each in its drill", async () => {
    await prepare(world.context, { workload: world.workload });
    const [inState, inScratch] = ["/places", "/scratch/places"].map((below) =>
      names.map((name) => `${below}/${name}`),
    );
    expect(placesOf("hot snapshot")).toEqual(["/repository", "/cache", "/state", ...(inState ?? [])]);
    expect(placesOf("restore of the drill")).toEqual([
      ...["/repository", "/cache", "/scratch/state", ...(inScratch ?? [])],
    ]);
    const hot = jobs.find(({ purpose }) => purpose === "hot snapshot")?.places ?? [];
    expect(hot.map(({ onlyIfThere = false }) => onlyIfThere)).toEqual([false, false, false, false, true]);
    const copy = `clawforce-drill-test-canary`;
    expect(trials[0]?.places).toEqual([
      { from: { volume: copy }, at: home },
      { from: { volume: `${copy}.1` }, at: workspace },
      { from: { volume: `${copy}.2` }, at: config },
    ]);
  });

  it("is migrated in all of them: the copies first", async () => {
    world = worldOf({
      rehearsal: undefined,
      "agentImages.chromium.migrate": [{ command: ["doctor", "--fix"] }],
    });
    const run = world.platform.runProgram.bind(world.platform);
    world.platform.runProgram = (each) => {
      programs.push(each);
      return run(each);
    };
    world.serving();
    await prepare(world.context, { workload: world.workload });
    expect(programs.map(({ places }) => places.map(({ at }) => at))).toEqual([[home, workspace, config]]);
  });

  it("has its bytes in each place on record, and no marker of a database in the workspace", async () => {
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const database = (path: string) => `database\t${base64(path)}\t3\tschema\tok\n`;
    const lines = names.map((name, index) => `place\t${name}\t${index + 4}\n`).join("");
    const found = names.map((name) => database(`/places/${name}/own.db`)).join("");
    world.platform.jobs.set("hot snapshot", [
      { stdout: `${database("./main.sqlite")}${found}${lines}${printed["hot snapshot"]}` },
    ]);
    await prepare(world.context, { workload: world.workload });
    const [snapshot] = (await world.records()).filter(({ kind }) => kind === "snapshot");
    const { places, markers } = snapshot as SnapshotEntry;
    expect(places).toEqual({ [workspace]: 4, [config]: 5 });
    expect(Object.keys(markers.databases)).toEqual(["main.sqlite", `${config}/own.db`]);
    expect(markers.places).toEqual([config]);
    expect(markersOf(parseScriptReport(database("./main.sqlite")))).not.toHaveProperty("places");
  });

  it("names what a snapshot of before has nothing of: at the preview, at the restore and on record", async () => {
    const { log } = world.context;
    const snapshot = { kind: "snapshot", role: "cold", snapshot: taken, image: stable, files: 1 } as const;
    const markers = { databases: {} };
    await log.append({ ...snapshot, bytes: 1, seconds: 1, markers, places: { [workspace]: 1 } });
    const order = { snapshot: taken.slice(0, 8), order: "INC-1" };
    const ordered = new MemoryWorld(stable, world, {
      "instanceGroups.support.instances": [{ name: "canary", mounts: own, restore: order }],
      "instanceGroups.support.waves": [1],
    });
    const situations = await situationsOf(ordered.config, "test", ordered.platform);
    expect(describePlan(situations).join("\n")).toContain(
      `; ${config} stays as it is: that snapshot has nothing of it`,
    );
    world.platform.jobs.set("restore", [{ stdout: `left\t${names[1]}\nunnamed\t%2Fold\n` }]);
    const plan = { snapshot: taken, takenAt: "", reason: "requested" as const, moved: [] };
    await setStateBack(world.context, plan, stable);
    const restored = (await world.records()).find(({ kind }) => kind === "restore") as RestoreEntry;
    expect(restored).toMatchObject({ left: [config], unnamed: ["/old"] });
    const said = world.said.join("\n");
    expect(said).toContain(`snapshot ${taken.slice(0, 8)} has nothing of ${config}`);
    expect(said).toContain(`snapshot ${taken.slice(0, 8)} has /old as well`);
  });

  it("is refused before anything is done where one of its disks has no room", async () => {
    const room = (free: number) =>
      `${printed["look at free space"]}place-room\t${names[0]}\t${free}\t7\nplace-used\t${names[0]}\t50000000\n`;
    world.platform.jobs.set("look at free space", [{ stdout: room(900e6) }]);
    await expect(prepare(world.context, { workload: world.workload })).rejects.toThrow(
      `900 MB are free beside ${workspace} (w), but 1050 MB are needed`,
    );
    world.platform.jobs.set("look at free space", [{ stdout: room(1100e6) }]);
    await prepare(world.context, { workload: world.workload });
  });

  it("needs room for a copy of each place where it goes back with its state", () => {
    const snapshot: SnapshotEntry = {
      ...{ kind: "snapshot", role: "cold", snapshot: "c1c1c1c1", image: stable, files: 0, bytes: 500e6 },
      ...{ seconds: 1, markers: { databases: {} }, places: { "/w": 200e6 } },
    };
    const restore = { snapshot: "c1c1c1c1", takenAt: "", reason: "requested" as const, moved: [] };
    const needs = wayBackNeeds(
      { kind: "restore", from: stable, to: stable, restore },
      {
        room: { stateUsed: 900e6, databasesUsed: 0, files: 0, furtherUsed: { "/w": 300e6, "/new": 1e6 } },
        ...{ records: recorder()(snapshot), growth: 0, image: 0 },
      },
    );
    expect(needs.slice(2)).toEqual([
      { place: "state", bytes: 300e6, what: "the restored state beside the present one" },
      { place: "/w", bytes: 200e6, what: "the restored files of /w beside the present ones" },
    ]);
  });
});
