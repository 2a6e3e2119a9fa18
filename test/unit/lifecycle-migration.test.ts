import { beforeEach, describe, expect, it } from "vitest";
import type { Move } from "../../lifecycle/evidence/move.ts";
import { cutOver } from "../../lifecycle/update/cut-over.ts";
import { restoreBeforeCreate } from "../../lifecycle/update/restore.ts";
import { serve } from "../../lifecycle/update/serve.ts";
import { Journal } from "../../lifecycle/workdir/journal.ts";
import type { WorkloadTask } from "../../lifecycle/workload.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import { MemoryWorld, taken } from "../support/memory-world.ts";
import { candidate, stable } from "./config-fixture.ts";

const forward: Move = { kind: "forward", from: stable, to: candidate };
const doctor = ["openclaw", "doctor", "--fix"];
const migrated = `${doctor.join(" ")} on canary-state`;

let world: MemoryWorld;

beforeEach(() => {
  world = new MemoryWorld();
  world.serving(stable);
});

function task(move: Move = forward): WorkloadTask {
  const migrate = [
    { command: doctor, deadline: 600, perGigabyte: 300 },
    { command: ["openclaw", "config", "validate"], deadline: 60, perGigabyte: 0 },
  ];
  return { workload: { ...world.workload, migrate }, move };
}

const cut = (move?: Move) => cutOver({ ...world.context, workload: task().workload }, task(move));
const create = (move?: Move) =>
  restoreBeforeCreate({ ...world.context, workload: task().workload }, task(move));
const migration = (...answers: { exitCode?: number; stdout?: string }[]) =>
  world.platform.jobs.set("migration of canary", answers);

/** The run is killed at this: it is not done, and nothing cleans up. */
async function killedAt(what: string, run: () => Promise<unknown>): Promise<void> {
  const dead = world.platform.deeds.killAt(what);
  void run();
  await dead;
  world.platform.deeds.list.length = 0;
}

describe("a migration", () => {
  it("runs on the stopped state after the cold snapshot, step by step, and before anything new is started", async () => {
    migration({ stdout: "moved 3 sessions\ntoken t\nthe password p" }, {});
    await cut();
    expect(world.did).toEqual([
      ...["make ready for the cold snapshot of canary", "hold canary", "stop canary"],
      ...["cold snapshot of canary", "check of the cold snapshot of canary"],
      ...[migrated, "openclaw config validate on canary-state"],
    ]);
    expect((await world.records()).at(-1)).toMatchObject({
      ...{ kind: "migration", from: stable, image: candidate, snapshot: taken, outcome: "passed" },
      steps: [
        { command: doctor, exitCode: 0, output: expect.arrayContaining(["moved 3 sessions"]) },
        { command: ["openclaw", "config", "validate"], exitCode: 0 },
      ],
    });
    expect(await world.journal()).toMatchObject({ phase: "removing", migrated: true });
  });

  it("begins nothing while something is drilled or rehearsed on the same host", async () => {
    world.platform.holders.push({
      ...{ kind: "drill", of: "", purpose: "drill of another", host: "laptop", pid: 1, since: "" },
    });
    await expect(cut()).rejects.toThrow("drill of another");
    expect(world.did).not.toContain("stop canary");
    expect(world.requests).toBe("serving");
    // Without a migration it does not matter.
    await cutOver(world.context, { workload: world.workload, move: forward });
    expect(world.did).toContain("stop canary");
  });

  it("is not run on the way back, for other settings, and on a state that is set back", async () => {
    const restore = { snapshot: taken, takenAt: "", reason: "requested" as const, moved: [] };
    for (const move of [
      { ...forward, restore },
      { kind: "change", from: stable, to: stable, changes: ["x"], back: false },
    ] satisfies Move[]) {
      world.serving(stable);
      await cut(move);
    }
    expect(world.did).not.toContain(migrated);
  });

  it.each<[string, { exitCode: number; stdout?: string }, RegExp]>([
    ["fails", { exitCode: 1, stdout: "lease lost" }, /`openclaw doctor --fix` ended with exit code 1/],
    ["hangs", { exitCode: -1 }, /`openclaw doctor --fix` did not end within 10m and was killed/],
  ])("that %s is undone, and the old version serves again", async (_what, answer, message) => {
    migration(answer);
    const said = await cut().then(String, String);
    expect(said).toMatch(message);
    expect(said).toContain(`Nothing was removed: canary serves ${stable} again.`);
    expect(world.did.slice(-4)).toEqual([migrated, "restore of canary", "start canary", "open canary"]);
    expect(world.platform.units.get("canary")).toMatchObject({ image: stable, running: true });
    expect(await world.journal()).toBeUndefined();
    expect((await world.kinds()).slice(-4)).toEqual(["migration", "restore", "ingress", "failure"]);
  });

  it("that can't be undone starts nothing, and says how to go on", async () => {
    migration({ exitCode: 1 });
    world.platform.jobs.set("restore", [{ exitCode: 1, stderr: "no space left" }]);
    await expect(cut()).rejects.toThrow(
      /could not be started again: [\s\S]*no space left[\s\S]* Run `fleet recover`/,
    );
    expect(world.did).not.toContain("start canary");
    expect(await world.journal()).toMatchObject({ phase: "migrating" });
  });
});

describe("a run that was killed in a migration", () => {
  beforeEach(() => killedAt(migrated, cut));

  it("leaves a journal that says so", async () => {
    expect(await world.journal()).toMatchObject({ phase: "migrating", from: stable });
  });

  it("has its state set back before the old version is started again", async () => {
    await serve(world.context, { workload: { ...world.workload, image: stable } });
    expect(world.did).toEqual(["restore of canary", "start canary"]);
    expect(await world.journal()).toBeUndefined();
  });

  it("goes on from the old state with the next update", async () => {
    await cut();
    expect(world.did).toEqual([
      ...["restore of canary", "make ready for the cold snapshot of canary", "hold canary", "stop canary"],
      "cold snapshot of canary",
      ...["check of the cold snapshot of canary", migrated, "openclaw config validate on canary-state"],
    ]);
  });

  it("goes on from the old state where its old container is gone", async () => {
    world.platform.units.delete("canary");
    await create();
    expect(world.did).toEqual(["restore of canary", migrated, "openclaw config validate on canary-state"]);
    expect(await world.journal()).toMatchObject({ phase: "creating" });
    expect((await world.kinds()).slice(-3)).toEqual(["restore", "migration", "cut-over"]);
  });

  it("and whose old container is gone has its old state where the update is given up", async () => {
    world.platform.units.delete("canary");
    world = new MemoryWorld(stable, world);
    await create({ kind: "none", to: stable });
    expect(world.did).toEqual(["restore of canary"]);
  });

  it("does not touch the state under a container that somebody has started since", async () => {
    world.serving(stable);
    await serve(world.context, { workload: { ...world.workload, image: stable } });
    expect(world.did).toEqual(["wait for canary"]);
  });
});

describe("a run that was killed after a migration", () => {
  beforeEach(async () => {
    await cut();
    world.platform.deeds.list.length = 0;
  });

  it("is gone on with on the state that is ready", async () => {
    world.platform.units.delete("canary");
    await create();
    expect(world.did).toEqual([]);
    expect(await world.journal()).toMatchObject({ phase: "creating" });
  });

  it("is undone when the update is given up", async () => {
    await serve(world.context, { workload: { ...world.workload, image: stable } });
    expect(world.did).toEqual(["restore of canary", "start canary"]);
  });
});

describe("a migration whose old container is gone", () => {
  it("leaves the old state and says how to go back when it fails", async () => {
    world.platform.units.delete("canary");
    await new Journal(world.context.log.folder).clear();
    migration({ exitCode: 1, stdout: "lease lost" });
    await expect(create()).rejects.toThrow(
      /ended with exit code 1[\s\S]*\nIts state is as before, and its container of before is gone\. To have the version of before back: set `clawforce:agentImages/,
    );
    expect(world.did.slice(-2)).toEqual([migrated, "restore of canary"]);
    expect(await world.journal()).toMatchObject({ phase: "removing" });
    expect((await world.journal())?.migrated).toBeUndefined();
  });

  it("fails when its state can't be set back either", async () => {
    world.platform.units.delete("canary");
    migration({ exitCode: 1 });
    world.platform.fail("restore of canary", new OperationFailure("the engine is gone"));
    await expect(create()).rejects.toThrow("the engine is gone");
    expect(await world.journal()).toMatchObject({ phase: "migrating" });
  });
});
