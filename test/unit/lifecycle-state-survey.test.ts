import { beforeEach, describe, expect, it } from "vitest";
import type { Move } from "../../lifecycle/evidence/move.ts";
import { leftOutOnRecord } from "../../lifecycle/snapshot/left-out.ts";
import { prepare } from "../../lifecycle/update/prepare.ts";
import { setStateBack } from "../../lifecycle/update/set-state-back.ts";
import type { Workload } from "../../lifecycle/workload.ts";
import { MemoryWorld, printed, taken } from "../support/memory-world.ts";
import { candidate, stable } from "./config-fixture.ts";

const forward: Move = { kind: "forward", from: stable, to: candidate };

let world: MemoryWorld;

beforeEach(() => {
  world = new MemoryWorld();
  world.serving(stable);
});

function prepared(change: Partial<Workload> = {}) {
  const workload = { ...world.workload, ...change };
  return prepare({ ...world.context, workload }, { workload, move: forward });
}

/** What a script prints on top of what it does where nothing is wrong. */
function prints(purpose: keyof typeof printed, ...lines: string[]): void {
  world.platform.jobs.set(purpose, [{ stdout: `${printed[purpose]}${lines.join("\n")}\n` }]);
}

const encoded = (path: string) => Buffer.from(path).toString("base64");

describe("what stands in a state before an update", () => {
  it("is said in one line where nothing of it is odd", async () => {
    await prepared();
    expect(world.said.filter((line) => line.includes("its state"))).toEqual([
      "canary: its state has 4 entries, 100 B; nothing odd",
    ]);
  });

  it("is said and on record, with what is odd and what changed while it was copied", async () => {
    prints(
      "look at free space",
      `folder\t4\t90\t${encoded("/state/media")}`,
      `odd\tlink\t${encoded("/state/data -> /mnt")}`,
      "odd-count\tlink\t1",
    );
    prints("hot snapshot", "odd-count\tchanged\t2", `odd\tchanged\t${encoded("/state/logs/a.log")}`);
    await prepared();
    expect(world.said).toEqual(
      expect.arrayContaining([
        "canary: its state has 4 entries, 100 B; most of it: media (4 entries, 90 B)",
        "canary: 1 link leads out of the state, to what is in no snapshot: data -> /mnt",
        "canary: 2 files changed while they were copied, and only the cold snapshot will have them whole: logs/a.log and 1 more",
      ]),
    );
    const snapshot = (await world.records()).find(({ kind }) => kind === "snapshot");
    expect(snapshot).toMatchObject({
      role: "hot",
      survey: {
        ...{ entries: 4, bytes: 100, folders: [{ path: "media", entries: 4, bytes: 90 }] },
        odd: [
          { kind: "link", count: 1, first: ["data -> /mnt"] },
          { kind: "changed", count: 2, first: ["logs/a.log"] },
        ],
      },
    });
  });
});

describe("a state that is copied for longer than its requests wait", () => {
  const folders = `folder\t3\t90\t${encoded("/state/workspace/downloads")}`;
  const impatient = { hold: 20, drain: 1 } as NonNullable<Workload["ingress"]>;
  const ingress = () => ({ ...world.workload.ingress, ...impatient });

  /** A cold snapshot as the last cut-over has left it on record. */
  async function tookOnce(seconds: number, files = 3): Promise<void> {
    await world.context.log.append({
      ...{ kind: "snapshot", role: "cold", snapshot: "old", image: stable, files, bytes: 100 },
      ...{ seconds, markers: { databases: {} } },
    });
  }

  /** What is read to measure it takes so long. */
  function reads(seconds: number): void {
    const { platform } = world;
    const job = platform.job.bind(platform);
    platform.job = async (each) => {
      if (each.purpose === measurement)
        await new Promise((resolve) => setTimeout(resolve, (seconds * 1000) / 2));
      return job(each);
    };
  }

  const measurement = "measurement of the cold snapshot";
  const isMeasured = () => world.did.filter((what) => what.startsWith(measurement));

  it("is refused before its copy is started, with its folders, whether or not a rehearsal follows", async () => {
    prints("look at free space", folders);
    await tookOnce(0.9);
    reads(0.4);
    const refusal = prepared({ ingress: { ...ingress(), hold: 0.3 } });
    await expect(refusal).rejects.toThrow(
      /^canary: hot snapshot failed: its requests would wait for 300ms at most .*The forecast is a pause of about [45]00ms: copy [45]00ms\. Most of it is the copy of 4 entries, 100 B; about \d entr.*The largest folders are workspace\/downloads \(3 entries, 90 B\)/,
    );
    expect(world.did.filter((what) => /^(trial|restore|hold|stop)/.test(what))).toEqual([]);
    expect(isMeasured()).toHaveLength(2);
  });

  it("is measured where the last one would be too long, and goes through where that is not", async () => {
    await tookOnce(100);
    expect(await prepared({ ingress: ingress() })).toMatchObject({ drill: "passed" });
    expect(isMeasured()).toHaveLength(2);
  });

  it("is not measured where it is far from that, or where nothing holds", async () => {
    await tookOnce(9);
    await prepared({ ingress: ingress() });
    await tookOnce(100);
    const { ingress: _, ...without } = world.workload;
    await prepare({ ...world.context, workload: without }, { workload: without, move: forward });
    expect(isMeasured()).toEqual([]);
  });
});

describe("what snapshots leave out", () => {
  const leavingOut = (...exclude: string[]) => ({ snapshots: { ...world.workload.snapshots, exclude } });

  /** The state has had these databases, as the records say. */
  async function had(...paths: string[]): Promise<void> {
    const databases = Object.fromEntries(paths.map((path) => [path, 1]));
    await world.context.log.append({ kind: "state", image: stable, container: "c", markers: { databases } });
  }

  it("is said and on record with the snapshot, and handed to its script for each place of the state", async () => {
    const further = { from: { volume: "w" }, at: "/work" };
    const environments: (string | undefined)[] = [];
    const { platform } = world;
    const job = platform.job.bind(platform);
    platform.job = (each) => {
      if (each.purpose === "hot snapshot") environments.push(each.environment?.LEFT_OUT);
      return job(each);
    };
    await prepared({ ...leavingOut("workspace/*.d[", "/work/out"), furtherPlaces: [further] });
    expect(environments).toEqual([
      "/state\tworkspace/[^/]*\\.d\\[\tworkspace/*.d\\[\n/places/%2Fwork\tout\tout",
    ]);
    expect(world.said.join("\n")).toMatch(
      /hot snapshot: c1c1c1c1, 3 files, 0 MB, without workspace\/\*\.d\[ and \/work\/out/,
    );
    const snapshot = (await world.records()).find(({ kind }) => kind === "snapshot");
    expect(snapshot).toMatchObject({ leftOut: ["workspace/*.d[", "/work/out"] });
  });

  it("is refused where the version that runs keeps a database in it", async () => {
    await had("main.sqlite", "models/deep/index.sqlite");
    await expect(prepared(leavingOut("workspace/x", "models"))).rejects.toThrow(
      "canary: hot snapshot failed: clawforce:snapshots.exclude leaves out models/deep/index.sqlite, a database that the version that runs keeps.",
    );
    expect(world.did.filter((what) => /^(hot|trial|hold|stop)/.test(what))).toEqual([]);
    await had("main.sqlite");
    expect(await prepared(leavingOut("models"))).toMatchObject({ drill: "passed" });
  });

  it("is refused in a further place in the same way, by its path in the container", async () => {
    const furtherPlaces = [{ from: { volume: "w" }, at: "/work" }];
    await had("/work/out/a.db");
    await expect(prepared({ ...leavingOut("/work/out"), furtherPlaces })).rejects.toThrow(
      "leaves out /work/out/a.db, a database",
    );
    expect(await prepared({ ...leavingOut("/work/other"), furtherPlaces })).toMatchObject({
      drill: "passed",
    });
  });

  it("is nothing of a control plane's data", async () => {
    const { workload } = world;
    const plane = { ...workload, ...leavingOut("media"), track: "control-plane" as const };
    expect(leftOutOnRecord(plane)).toEqual({});
    expect(leftOutOnRecord({ ...plane, track: "runtime" })).toEqual({ leftOut: ["media"] });
  });

  it("stays as it is when a state is set back, which is said and on record", async () => {
    world.platform.jobs.set("restore", [
      { stdout: ["b", "a"].map((name) => `stayed\t${encoded(name)}\n`).join("") },
    ]);
    const plan = { snapshot: taken, takenAt: "", reason: "requested" as const, moved: [] };
    await setStateBack(world.context, plan, stable);
    expect(world.said).toContain("canary: left out of snapshots, and as it was: a, b");
    const restored = (await world.records()).find(({ kind }) => kind === "restore");
    expect(restored).toMatchObject({ stayed: { count: 2, first: ["a", "b"] } });
  });
});
