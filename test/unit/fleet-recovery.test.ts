import { readFile, writeFile } from "node:fs/promises";
import { beforeEach, describe, expect, it } from "vitest";
import type { Operation } from "../../fleet/operations-under-way.ts";
import { Recovery } from "../../fleet/recovery.ts";
import { look } from "../../fleet/running.ts";
import type { Move } from "../../lifecycle/evidence/move.ts";
import { hold } from "../../lifecycle/ingress/hold.ts";
import { cutOver } from "../../lifecycle/update/cut-over.ts";
import { gate } from "../../lifecycle/update/gate.ts";
import { restoreBeforeCreate } from "../../lifecycle/update/restore.ts";
import { HoldJournal } from "../../lifecycle/workdir/hold-journal.ts";
import { type CutOverJournal, Journal } from "../../lifecycle/workdir/journal.ts";
import { EngineFailure, OperationFailure } from "../../platforms/failure.ts";
import { MemoryEngine } from "../support/memory-engine.ts";
import { MemoryWorld } from "../support/memory-world.ts";
import { candidate, stable } from "./config-fixture.ts";

const lock = {
  ...{ file: "l", pid: 12, username: "op", hostname: "here" },
  timestamp: "2026-05-01T12:00:00Z",
};

let world: MemoryWorld;
let engine: MemoryEngine;
let said: string;
let alive: Operation[];
/** When the process that holds a lock was started; undefined: it is dead. */
let started: Date | undefined;

// A stable version that has passed its gate, and a configuration that wants the candidate.
beforeEach(async () => {
  const before = new MemoryWorld(stable);
  before.serving(stable);
  await gate(before.context);
  world = new MemoryWorld(candidate, before);
  engine = new MemoryEngine(world, `unit of ${stable}`);
  [said, alive, started] = ["", [], undefined];
});

function recovery(): Recovery {
  const { config, platform, proxy } = world;
  const machine = {
    hostname: "here",
    startOf: async () => started,
    operations: async () => alive,
  };
  return new Recovery(config, "test", {
    ...{ engine, platform, proxy, machine },
    look: () => look(config, "test", { platform, proxy, machine }),
    contextOf: async (workload) => ({ ...world.context, workload }),
    out: {
      write: (text) => {
        said += text;
      },
    },
  });
}

const recovered = () => recovery().run(0);

/** What the recovery itself did, without what only looks. */
async function didOf(work: () => Promise<unknown>): Promise<string[]> {
  const before = world.did.length;
  await work();
  return world.did.slice(before);
}

const forward: Move = { kind: "forward", from: stable, to: candidate };
const task = () => ({ workload: world.workload, move: forward });

/** The deployer is killed when it is about to do this; the engine's state is that of before. */
async function killedAt(what: string, run: () => Promise<unknown>): Promise<void> {
  const killed = world.platform.deeds.killAt(what);
  void run();
  await killed;
}

const runCutOver = () => cutOver(world.context, task());
const runRestore = () => restoreBeforeCreate(world.context, task());

async function removed(): Promise<void> {
  await runCutOver();
  world.platform.units.delete(world.name);
  engine.operations = [{ type: "deleting", name: world.name }];
}

async function created(change: object = {}): Promise<void> {
  await removed();
  await runRestore();
  engine.operations = [{ type: "creating", name: world.name }];
  world.platform.run(world.name, candidate, change);
}

const early: [phase: string, how: string, kill: () => Promise<unknown>][] = [
  ["draining", "before its requests are held", () => killedAt("hold canary", runCutOver)],
  ["stopping", "before the stop", () => killedAt("stop canary", runCutOver)],
  ["snapshotting", "in the snapshot", () => killedAt("cold snapshot of canary", runCutOver)],
  ["migrating", "in a step", () => migrating()],
  ["removing", "before the removal", runCutOver],
];

const late: [phase: string, how: string, kill: () => Promise<unknown>][] = [
  ["removing", "after the removal", removed],
  [
    "creating",
    "before the creation",
    async () => {
      await removed();
      await runRestore();
    },
  ],
  ["creating", "before the start of the new one", () => created({ running: false, status: "created" })],
  ["creating", "at the gate", () => created()],
];

/** What a run leaves that was killed while the new version's image works on the stopped state. */
async function migrating(): Promise<void> {
  await runCutOver();
  const left = (await world.journal()) as CutOverJournal;
  await new Journal(world.context.log.folder).write({ ...left, phase: "migrating" });
}

async function servesWell(image: string): Promise<void> {
  expect(world.platform.units.get(world.name)).toMatchObject({ image, running: true, health: "healthy" });
  expect(world.requests).toBe("serving");
  expect(await world.journal()).toBeUndefined();
  expect(await new HoldJournal(world.context.log.folder).read()).toBeUndefined();
}

describe("a deployer that was killed with Pulumi's lock", () => {
  beforeEach(() => {
    engine.stateLocks = [lock];
  });

  it("at migrating: nothing of the old version is started before its state is set back, and nothing is under one that runs", async () => {
    await migrating();
    expect((await didOf(recovered)).slice(0, 2)).toEqual(["restore of canary", "start canary"]);
    expect(said).toContain("canary: undo its migration, bring its container back");
    await migrating();
    world.platform.run(world.name, candidate);
    expect(await didOf(recovered)).not.toContain("restore of canary");
  });

  it.each([...early, ...late])("at %s, %s: the update is finished", async (phase, _how, kill) => {
    await kill();
    expect(await world.journal()).toMatchObject({ phase });
    expect(await recovered()).toBe(0);
    expect(said).toContain("Pulumi's lock of 2026-05-01T12:00:00Z: process 12 of op, which is dead");
    expect(said).toContain(`its cut-over was interrupted at "${phase}"`);
    expect(engine.did.filter((what) => what !== "refresh")).toEqual(["unlock", "up"]);
    await servesWell(candidate);
    const records = await world.records();
    expect(records.filter(({ kind }) => kind === "cut-over")).toMatchObject([
      { from: stable, to: candidate, direction: "forward" },
    ]);
    expect(records.findLast(({ kind }) => kind === "gate")).toMatchObject({
      ...{ outcome: "passed", image: candidate },
    });
  });

  it.each([...early.slice(2), ...late])(
    "at %s, %s: the old configuration goes back",
    async (_phase, _how, kill) => {
      await kill();
      world = new MemoryWorld(stable, world);
      const { operations } = engine;
      engine = new MemoryEngine(world, `unit of ${stable}`);
      Object.assign(engine, { stateLocks: [lock], operations });
      expect(await recovered()).toBe(0);
      await servesWell(stable);
    },
  );

  it("sets the state back only where the new version may have written to it", async () => {
    await removed();
    world = new MemoryWorld(stable, world);
    engine = new MemoryEngine(world, undefined);
    await recovered();
    expect(await world.kinds()).not.toContain("restore");

    world = new MemoryWorld(candidate, world);
    engine = new MemoryEngine(world, `unit of ${stable}`);
    await created();
    world = new MemoryWorld(stable, world);
    engine = new MemoryEngine(world, undefined);
    await recovered();
    expect((await world.records()).filter(({ kind }) => kind === "restore")).toMatchObject([
      { reason: "state moved" },
    ]);
    await servesWell(stable);
  });

  it("in a restore: that is finished first", async () => {
    await created();
    const back = new MemoryWorld(stable, world);
    const found = (await world.records()).findLast(({ kind }) => kind === "snapshot");
    const release = found as { snapshot: string; time: string };
    const restore = {
      snapshot: release.snapshot,
      takenAt: release.time,
      reason: "state moved",
      moved: ["x"],
    };
    world.platform.units.delete(world.name);
    const of = {
      image: stable,
      snapshot: release.snapshot,
      takenAt: release.time,
      markers: { databases: {} },
    };
    const move = { kind: "back", from: candidate, to: stable, release: of, restore } as Move;
    await killedAt("restore of canary", () =>
      restoreBeforeCreate(back.context, { workload: back.workload, move }),
    );
    expect(await world.journal()).toMatchObject({ phase: "restoring" });
    world = back;
    engine = new MemoryEngine(world, undefined);
    expect(await didOf(recovered)).toContain("restore of canary");
    await servesWell(stable);
  });
});

describe("a deployer that was killed and has left no lock", () => {
  it.each(early)("at %s, %s: the old one serves, and nothing else is done", async (phase, _how, kill) => {
    await kill();
    expect(await recovered()).toBe(0);
    expect(said).toContain(`its cut-over was interrupted at "${phase}"`);
    expect(engine.did).toEqual([]);
    await servesWell(stable);
    expect(await world.kinds()).not.toContain("cut-over");
  });

  it("after the removal: the update is finished", async () => {
    await removed();
    expect(await recovered()).toBe(0);
    expect(engine.did).toEqual(["refresh", "up"]);
    await servesWell(candidate);
  });
});

describe("a recovery", () => {
  it("with nothing to do touches nothing", async () => {
    expect(await didOf(recovered)).toEqual([]);
    expect(said).toMatch(/^Nothing to recover; nothing was touched\.\n/);
    expect(engine.did).toEqual([]);
  });

  it("that is only described touches nothing", async () => {
    engine.stateLocks = [lock];
    await killedAt("cold snapshot of canary", runCutOver);
    alive = [{ workload: "canary", pid: 7, purpose: "cut-over" }];
    expect(await didOf(() => recovery().describe())).toEqual([]);
    expect(engine.did).toEqual([]);
    expect(said).toContain("Found:\n  Pulumi's lock");
    expect(said).toContain(
      "It would:\n  wait for process 7 (cut-over of canary)\n  remove Pulumi's lock\n  canary: bring its container back and wait until it is healthy\n",
    );
    expect(said).toMatch(/Nothing was touched\.\n$/);
    expect(await world.journal()).toMatchObject({ phase: "snapshotting" });
  });

  it("removes what killed runs have left, and needs no engine for it", async () => {
    const what = "cold snapshot of canary";
    world.platform.left.set(what, { kind: "container", id: "c9", what });
    expect(await didOf(recovered)).toContain(`remove ${what}`);
    expect(said).toContain("left over: container, cold snapshot of canary");
    expect(engine.did).toEqual([]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ["is held", () => hold(world.context, world.workload.ingress as never, "cut-over")],
    ["the ingress has lost", async () => world.proxy.known.clear()],
  ])("lets in the requests of one that has passed its gate and %s", async (_what, harm) => {
    await harm();
    expect(await recovered()).toBe(0);
    expect(said).toContain("canary: let its requests in\n");
    expect(engine.did).toEqual([]);
    await servesWell(stable);
  });

  it("lets no requests in before the gate has judged it", async () => {
    await created();
    world.platform.http.set("/healthz", { status: 503, body: "{}" });
    await expect(gate(world.context)).rejects.toThrow("gate failed");
    await expect(recovered()).rejects.toThrow("pulumi up failed.");
    expect(world.requests).toBe("held");
  });

  it("says what could not be brought back, and brings back the others", async () => {
    await killedAt("cold snapshot of canary", runCutOver);
    world.platform.run("support-1", stable, { running: false, status: "exited" });
    world.platform.fail("start canary", new OperationFailure("no such image"));
    await expect(recovered()).rejects.toThrow(
      "canary could not be brought back: no such image canary does not serve. What to do now: docs/recover.md.",
    );
    expect(world.platform.units.get("support-1")?.running).toBe(true);
    expect(await world.journal()).toMatchObject({ phase: "snapshotting" });
  });

  it("lets the engine decide of one that could not be brought back", async () => {
    engine.stateLocks = [lock];
    await killedAt("cold snapshot of canary", runCutOver);
    world.platform.fail("start canary", new OperationFailure("no such image"));
    expect(await recovered()).toBe(0);
    await servesWell(candidate);
  });

  it("brings back what a failed update has stopped", async () => {
    engine.stateLocks = [lock];
    await killedAt("cold snapshot of canary", runCutOver);
    // The update stops it once more, and can't put it back itself.
    world.platform.jobs.set("cold snapshot", [{ exitCode: 1, stderr: "Fatal: no space left" }]);
    await expect(recovered()).rejects.toThrow("pulumi up failed. What to do now: docs/recover.md.");
    expect(said).toMatch(/\nWhat failed, at the step "cold snapshot":\n {2}canary: .*\n {4}Fatal: no space/);
    await servesWell(stable);
  });

  it("brings back what a failed update has stopped and could not start again itself", async () => {
    engine.stateLocks = [lock];
    await killedAt("cold snapshot of canary", runCutOver);
    world.platform.jobs.set("cold snapshot", [{ exitCode: 1, stderr: "Fatal: no space left" }]);
    // The recovery's own start before the update, and the update's after it.
    for (const what of ["the first", "the second"]) {
      world.platform.fail("start canary", new OperationFailure(`${what} start fails`));
    }
    await expect(recovered()).rejects.toThrow("pulumi up failed. What to do now: docs/recover.md.");
    expect(said).toContain("canary: was exited, brought back by fleet recover, healthy\n");
    expect(world.platform.units.get("canary")).toMatchObject({ image: stable, running: true });
  });

  it("starts one whose records are damaged, and leaves its requests held: no gate can judge it", async () => {
    await killedAt("cold snapshot of canary", runCutOver);
    const { file } = world.context.log;
    await writeFile(file, `{}\n${await readFile(file, "utf8")}`);
    expect(await recovered()).toBe(0);
    expect(said).toContain("canary: this is not on record: ");
    expect(world.platform.units.get("canary")?.running).toBe(true);
    expect(world.requests).toBe("held");
    expect(engine.did).toEqual([]);
  });
});

describe("a recovery is refused, and touches nothing,", () => {
  const underWay = { workload: "canary", pid: 7, purpose: "cut-over" };

  it.each<[string, () => unknown, string | RegExp]>([
    [
      "while the process that holds Pulumi's lock lives",
      () => {
        engine.stateLocks = [lock];
        started = new Date("2026-05-01T11:00:00Z");
      },
      /^An update is under way: process 12 of op lives, and has held Pulumi's lock since 2026-05-01T12:00:00Z\. Nothing was touched\. /,
    ],
    [
      "where the lock is of a host that is gone",
      () => {
        engine.stateLocks = [{ ...lock, hostname: "gone" }];
      },
      /^Pulumi's lock was taken on the host gone \(process 12 of op, .*\), and this is here\. .* If that host is gone for good, remove the lock with `pulumi cancel`\.$/,
    ],
    [
      "while a program goes on that outlived the deployer",
      () => alive.push(underWay),
      /^Waited 0ms for process 7 \(cut-over of canary\): what the dead deployer began still goes on\. Nothing was touched\. /,
    ],
    [
      "while a program on another machine has the repository",
      () =>
        world.platform.holders.push({
          ...{ kind: "repository", of: "canary", purpose: "preparation", host: "h2", pid: 9, since: "" },
        }),
      /^Waited 0ms for process 9 on h2 \(preparation of canary\): /,
    ],
    [
      "where the backend says that its state is locked",
      () => {
        engine.stateLocks = undefined;
        engine.failure = new OperationFailure("Pulumi's state is locked");
      },
      /^Pulumi's state is locked$/,
    ],
    [
      "when the engine of the host does not answer",
      () => {
        world.platform.unreachable = new EngineFailure("The Docker host H does not answer", "Look at it.");
      },
      /^The Docker host H does not answer/,
    ],
  ])("%s", async (_what, harm, message) => {
    await killedAt("cold snapshot of canary", runCutOver);
    harm();
    const did = await didOf(() => expect(recovered()).rejects.toThrow(message));
    expect(did).toEqual([]);
    expect(engine.did.filter((what) => what !== "ask for the lock")).toEqual([]);
    expect(await world.journal()).toMatchObject({ phase: "snapshotting" });
    expect(world.requests).toBe("held");
  });
});
