import { beforeEach, describe, expect, it } from "vitest";
import type { Move } from "../../lifecycle/evidence/move.ts";
import { cutOver } from "../../lifecycle/update/cut-over.ts";
import { gate } from "../../lifecycle/update/gate.ts";
import { restoreBeforeCreate } from "../../lifecycle/update/restore.ts";
import { serve } from "../../lifecycle/update/serve.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import { MemoryWorld, printed, taken } from "../support/memory-world.ts";
import { candidate, stable } from "./config-fixture.ts";

const forward: Move = { kind: "forward", from: stable, to: candidate };
const release = { image: stable, snapshot: taken, takenAt: "", markers: { databases: {} } };
const withState: Move = {
  ...{ kind: "back", from: candidate, to: stable, release },
  restore: { snapshot: taken, takenAt: "2026-11-01T00:00:00.000Z", reason: "state moved", moved: ["x"] },
};

let world: MemoryWorld;

const task = (move: Move) => ({ workload: world.workload, move });

describe("before a container is created", () => {
  beforeEach(async () => {
    world = new MemoryWorld();
    world.serving(stable);
    await cutOver(world.context, task(forward));
    world.platform.units.delete(world.name);
  });

  it("the cut-over goes on record, once", async () => {
    expect(await restoreBeforeCreate(world.context, task(forward))).toEqual({ restored: null });
    expect(await world.kinds()).toEqual(["ingress", "snapshot", "cut-over"]);
    expect(await world.journal()).toMatchObject({ phase: "creating" });
  });

  it("a container that a killed creation has left is removed", async () => {
    world.platform.run(world.name, candidate);
    await restoreBeforeCreate(world.context, task(forward));
    expect(world.did.slice(-2)).toEqual([`stop ${world.name}`, `remove ${world.name}`]);
  });

  it("a container of somebody else is left alone", async () => {
    const { id } = world.platform.run(world.name, "stranger:1");
    world.platform.strangers.set(id, "a container called canary is there that no stack created");
    await expect(restoreBeforeCreate(world.context, task(forward))).rejects.toThrow(
      `${world.name}: a container called canary is there that no stack created`,
    );
    expect(world.platform.units.get(world.name)?.image).toBe("stranger:1");
  });

  it("nothing is done while something else has the state open", async () => {
    world.platform.otherWriter = "another container runs on the same state";
    await expect(restoreBeforeCreate(world.context, task(forward))).rejects.toThrow("another container");
    expect(await world.kinds()).toEqual(["ingress", "snapshot"]);
  });

  it("the state goes back too where it has moved after the preparation of a way back by code alone", async () => {
    await restoreBeforeCreate(world.context, task(forward));
    const back = new MemoryWorld(stable);
    const context = { ...back.context, log: world.context.log };
    back.serving(candidate);
    back.platform.jobs.set("check of the cold snapshot", [
      { stdout: `${printed["check of the cold snapshot"]}database\tc3RhdGUvYS5zcWxpdGU=\t2\tx\tok\n` },
    ]);
    const codeAlone: Move = { kind: "back", from: candidate, to: stable, release };
    const late = { workload: back.workload, move: codeAlone };
    await cutOver(context, late);
    back.platform.units.delete(back.name);
    expect(await restoreBeforeCreate(context, late)).toEqual({ restored: taken });
    expect((await world.records()).slice(-2)).toMatchObject([
      { kind: "cut-over", direction: "back" },
      { kind: "restore", snapshot: taken, reason: "state moved" },
    ]);
    expect(back.said.join("\n")).toContain(
      "the newer version has moved the state after the preparation (state/a.sqlite is new). So snapshot c1c1c1c1",
    );
    // The next run knows of no restore that is still to be done.
    expect(await world.journal()).toMatchObject({ phase: "creating" });
  });

  it("the state is set back where the plan says so, and a kill in it is finished by the next run", async () => {
    await restoreBeforeCreate(world.context, task(forward));
    const back = new MemoryWorld(stable);
    const context = { ...back.context, log: world.context.log };
    back.platform.jobs.set("restore", [{ exitCode: 137, stderr: "Killed" }]);
    await expect(restoreBeforeCreate(context, { workload: back.workload, move: withState })).rejects.toThrow(
      `${world.name}: restore failed: `,
    );
    expect(await world.journal()).toMatchObject({ phase: "restoring" });
    expect(await world.kinds()).not.toContain("restore");

    back.platform.jobs.set("restore", [{}]);
    const none: Move = { kind: "none", to: stable };
    expect(await restoreBeforeCreate(context, { workload: back.workload, move: none })).toEqual({
      restored: taken,
    });
    expect((await world.records()).filter(({ kind }) => kind === "restore")).toMatchObject([
      { snapshot: taken, reason: "state moved" },
    ]);
    expect(await world.journal()).toMatchObject({ phase: "creating" });
  });
});

describe("a gate", () => {
  beforeEach(async () => {
    world = new MemoryWorld();
    world.serving(stable);
    await cutOver(world.context, task(forward));
    world.platform.run(world.name, candidate);
  });

  it("that passes lets the requests in, and the journal is done with", async () => {
    expect(await gate(world.context)).toMatchObject({ outcome: "passed" });
    expect(world.requests).toBe("serving");
    expect(await world.journal()).toBeUndefined();
    expect((await world.records()).find(({ kind }) => kind === "gate")).toMatchObject({
      outcome: "passed",
      image: candidate,
      container: `unit of ${candidate}`,
    });
  });

  it("that fails keeps them held, says until when, and names the way back", async () => {
    world.platform.http.set("/healthz", { status: 503, body: "{}" });
    await expect(gate(world.context)).rejects.toThrow(
      /gate failed on [\s\S]*HTTP 503 instead of 200[\s\S]*Its requests are held until .*The way back: /,
    );
    expect(world.requests).toBe("held");
    expect((await world.records()).find(({ kind }) => kind === "gate")).toMatchObject({ outcome: "failed" });
  });

  it("that fails on the version of before names the snapshot of its state, and no way back to it", async () => {
    world.platform.http.set("/healthz", { status: 503, body: "{}" });
    const done = { drained: { active: 0, seconds: 0, cut: 0 }, stop: { seconds: 0, killed: false } };
    const moved = (from: string, to: string, direction: "forward" | "back", snapshot: string) =>
      world.context.log.append({ kind: "cut-over", from, to, direction, snapshot, ...done });
    await moved(stable, candidate, "forward", taken);
    await moved(candidate, stable, "back", "d2".repeat(32));
    const old = { ...world.context, workload: { ...world.workload, image: stable } };
    const failure = await gate(old).then(String, String);
    expect(failure).toContain(`${world.name} runs the version of before again.`);
    expect(failure).toContain(
      `\`fleet restore --stack test --workload ${world.name} --snapshot ${taken.slice(0, 8)}\``,
    );
    expect(failure).not.toMatch(/new version|The way back/);
    await world.context.log.append({
      ...{ kind: "restore", snapshot: taken, image: stable, reason: "state moved", seconds: 1 },
    });
    const again = await gate(old).then(String, String);
    expect(again).toContain(`Its state is that of snapshot ${taken.slice(0, 8)}`);
    expect(again).not.toContain("fleet restore");
  });

  it("without an answer proves nothing, and does not pass", async () => {
    world.platform.http.delete("/healthz");
    await expect(gate(world.context)).rejects.toThrow("gate inconclusive");
    expect(world.requests).toBe("held");
  });
});

describe("a workload that was found not serving", () => {
  beforeEach(() => {
    world = new MemoryWorld(stable);
    world.serving(stable);
  });

  const found = (change: object) => {
    world.platform.run(world.name, stable, change);
    return serve(world.context, { workload: world.workload });
  };

  it.each([
    ["was stopped", { running: false, status: "exited" }, "was stopped, is started", "start"],
    ["was paused", { paused: true, status: "paused" }, "was paused, goes on", "start"],
    ["runs", {}, "serves", "wait for"],
  ])("and %s is brought back", async (_what, change, did, done) => {
    expect(await found(change)).toEqual({ workload: world.name, did });
    expect(world.did).toEqual([`${done} ${world.name}`]);
    expect(await world.records()).toMatchObject([{ kind: "serving", did }]);
  });

  it("is not started beside another writer", async () => {
    world.platform.otherWriter = "another container runs on the same state";
    await expect(found({ running: false, status: "exited" })).rejects.toThrow("another container");
    expect(world.did).toEqual([]);
  });

  it("and is gone is for `fleet recover`", async () => {
    world.platform.units.delete(world.name);
    await expect(serve(world.context, { workload: world.workload })).rejects.toThrow(
      new OperationFailure(
        `${world.name}: its container is gone. Run \`pulumi up --refresh\` (or \`fleet recover\`): it is created again on its state.`,
      ),
    );
  });
});
