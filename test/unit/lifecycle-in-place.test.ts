import { beforeEach, describe, expect, it, test } from "vitest";
import { adoptedUnit } from "../../lifecycle/evidence/adoption.ts";
import type { Move } from "../../lifecycle/evidence/move.ts";
import { giveUpAdoption } from "../../lifecycle/update/bring-back-stranger.ts";
import { gate } from "../../lifecycle/update/gate.ts";
import { make } from "../../lifecycle/update/make.ts";
import { replaceInPlace } from "../../lifecycle/update/replace.ts";
import { restoreBeforeCreate } from "../../lifecycle/update/restore.ts";
import { lastServing, missingTrigger } from "../../lifecycle/update/serving-trigger.ts";
import { situationsOf } from "../../lifecycle/update/situations.ts";
import { startOnState } from "../../lifecycle/update/start.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import { MemoryInPlacePlatform } from "../../platforms/memory/in-place.ts";
import { MemoryWorld, taken } from "../support/memory-world.ts";
import { candidate, stable } from "./config-fixture.ts";

const forward: Move = { kind: "forward", from: stable, to: candidate };

let platform: MemoryInPlacePlatform;
let world: MemoryWorld;

beforeEach(() => {
  platform = new MemoryInPlacePlatform();
  world = new MemoryWorld(candidate, undefined, undefined, platform);
  world.serving(stable);
  platform.declared.set(world.name, { image: stable });
});

function replace(image: string, move: Move = forward) {
  const task = { workload: world.workload, move, wanted: { image } };
  return replaceInPlace(world.context, task);
}

describe("before a unit is changed in its place", () => {
  it("is cut over like one that is removed, and counts as removed afterwards", async () => {
    const { name } = world;
    expect(await replace(candidate)).toEqual({ snapshot: taken });
    expect(world.did).toEqual([
      `compare ${name}`,
      `make ready for the cold snapshot of ${name}`,
      `hold ${name}`,
      `stop ${name}`,
      `cold snapshot of ${name}`,
      `check of the cold snapshot of ${name}`,
      `remove ${name}`,
    ]);
    expect(await platform.unit(name)).toBeUndefined();
    expect(await world.journal()).toMatchObject({ phase: "removing", from: stable });
  });

  it("is not touched by a change that starts nothing anew", async () => {
    expect(await replace(stable, { kind: "none", to: stable })).toEqual({ snapshot: null });
    expect(world.did).toEqual([`compare ${world.name}`]);
    expect(world.requests).toBe("serving");
    expect(await world.journal()).toBeUndefined();
  });

  it("says that it is stopped where it can't be counted as removed, and what to do", async () => {
    platform.fail(`remove ${world.name}`, new OperationFailure("you may not patch statefulsets."));
    await expect(replace(candidate)).rejects.toThrow(
      `${world.name}: it is stopped, and its change could not be begun: you may not patch statefulsets. Run \`fleet recover\``,
    );
    expect(await world.journal()).toMatchObject({ phase: "removing", from: stable });
  });

  it("is not stopped where the provider would be refused", async () => {
    platform.refusal = "you may not patch statefulsets in agents";
    await expect(replace(candidate)).rejects.toThrow(platform.refusal);
    expect(world.did).toEqual([`compare ${world.name}`]);
    expect(platform.units.get(world.name)?.running).toBe(true);
  });
});

describe("after the change", () => {
  const task = () => ({ workload: world.workload, move: forward, missing: "" });

  it("is started on its state by a program, and what came of it is on record as elsewhere", async () => {
    await replace(candidate);
    platform.declared.set(world.name, { image: candidate });
    await restoreBeforeCreate(world.context, task());
    expect(await make(world.context, task())).toEqual({ container: world.name });
    expect(platform.units.get(world.name)).toMatchObject({ image: candidate, running: true });
    expect(await world.kinds()).toContain("cut-over");
    expect(await world.kinds()).not.toContain("serving");
  });

  it("goes on where another version of this program starts it anew, and its pod is the same", async () => {
    const none: Move = { kind: "none", to: stable };
    const same = new MemoryWorld(stable, world);
    const again = { workload: same.workload, move: none, missing: "" };
    expect(await restoreBeforeCreate(same.context, again)).toEqual({ restored: null });
    await make(same.context, again);
    expect(world.did).toEqual([`make ${world.name}`]);
    expect(world.requests).toBe("serving");
  });

  it("is stopped and made once more where its creation was interrupted: nothing has opened it yet", async () => {
    await replace(candidate);
    platform.declared.set(world.name, { image: candidate });
    await restoreBeforeCreate(world.context, task());
    platform.run(world.name, candidate);
    const none: Move = { kind: "none", to: candidate };
    await restoreBeforeCreate(world.context, { workload: world.workload, move: none });
    expect(world.did.slice(-2)).toEqual([`stop ${world.name}`, `remove ${world.name}`]);
  });

  it("comes back on the old version where the change was refused and is taken back", async () => {
    await replace(candidate);
    const [found] = await situationsOf(world.config, "test", platform);
    expect(found).toMatchObject({ observed: undefined, move: { kind: "forward" } });

    const back = new MemoryWorld(stable, world);
    const [now] = await situationsOf(back.config, "test", platform);
    expect(now).toMatchObject({ observed: undefined, move: { kind: "none", to: stable } });
    // The engine sees no difference: only this makes it start.
    expect(now?.missingTrigger).toMatch(/^missing-[\da-f]{12}$/);
    const missing = now?.missingTrigger ?? "";
    const again = { workload: back.workload, move: now?.move as Move, missing };
    await restoreBeforeCreate(back.context, again);
    await make(back.context, again);
    expect(platform.units.get(world.name)).toMatchObject({ image: stable, running: true });
    const [after] = await situationsOf(back.config, "test", platform);
    expect(after?.missingTrigger).toBe(missing);
  });
});

describe("a unit of somebody else's that is changed in its place", () => {
  const theirs = "theirs";
  const failing = { status: 200, body: '{"ok":false}' };

  beforeEach(() => {
    platform = new MemoryInPlacePlatform();
    world = new MemoryWorld(
      stable,
      undefined,
      {
        "instanceGroups.support.instances": [{ name: "canary", adopt: "canary", volume: "old-home" }],
        "instanceGroups.support.gate": [
          { kind: "http", path: "/healthz", body: { ok: true }, deadline: "1s" },
        ],
        "instanceGroups.support.drain": { budget: "1s" },
      },
      platform,
    );
    const mounts = [{ from: { volume: "old-home" }, at: world.workload.mount, writable: true }];
    platform.run(world.name, stable, { id: theirs, mounts, beside: ["Service"] });
    platform.strangers.set(theirs, "somebody else's");
  });

  const situation = async () => (await situationsOf(world.config, "test", platform))[0];
  const taskOf = async () => {
    const found = await situation();
    if (found === undefined) throw new Error("there is no workload");
    return { workload: found.input, move: found.move, wanted: { image: stable }, missing: "" };
  };
  /** What the engine does: the hook, the change, the start. */
  const taken = async () => {
    const task = await taskOf();
    const context = { ...world.context, workload: task.workload };
    await replaceInPlace(context, task);
    platform.declared.set(world.name, { image: stable });
    platform.units.delete(world.name);
    await restoreBeforeCreate(context, task);
    await make(context, task);
    return context;
  };

  it("is a move of its own, and keeps its name and what stands beside it", async () => {
    expect(await situation()).toMatchObject({
      move: { kind: "adopt", stranger: { name: world.name, id: theirs, beside: ["Service"] } },
      adoptionProblems: [],
    });
    platform.unfit = ["its claims can't be adopted yet."];
    expect((await situation())?.adoptionProblems).toEqual(platform.unfit);
  });

  it("is stopped with a snapshot before the change, once, and what it was like is kept on it", async () => {
    await taken();
    const { name } = world;
    expect(world.did).toEqual([
      `compare ${name}`,
      `keep ${name} from restarting`,
      `make ready for the cold snapshot of ${name}`,
      `stop ${name}`,
      `cold snapshot of ${name}`,
      `check of the cold snapshot of ${name}`,
      `keep what ${name} is like`,
      `make ${name}`,
    ]);
    expect((await world.records()).find(({ kind }) => kind === "cut-over")).toMatchObject({
      stranger: { id: theirs, did: "left", beside: ["Service"] },
    });
    expect(adoptedUnit(await world.records())).toMatchObject({ id: theirs });
  });

  it("is not stopped where the provider would be refused", async () => {
    platform.refusal = "you may not patch deployments";
    await expect(replaceInPlace(world.context, await taskOf())).rejects.toThrow(platform.refusal);
    expect(platform.units.get(world.name)).toMatchObject({ id: theirs, running: true });
  });

  it.each([
    ["cold snapshot", () => platform.jobs.set("cold snapshot", [{ exitCode: 1, stderr: "no space left" }])],
    ["keeping", () => platform.fail(`keep what ${world.name} is like`, new OperationFailure("refused"))],
  ])("serves again as it was where this fails: %s", async (_, harm) => {
    harm();
    await expect(replaceInPlace(world.context, await taskOf())).rejects.toThrow("serves again as it was");
    expect(platform.units.get(world.name)).toMatchObject({ id: theirs, running: true });
    expect(await world.journal()).toBeUndefined();
  });

  it("serves again as it was where the change is refused after its stop", async () => {
    const first = (await situation())?.made.trigger;
    await replaceInPlace(world.context, await taskOf());
    expect(platform.units.get(world.name)?.running).toBe(false);
    expect(await giveUpAdoption(world.context)).toContain(`${world.name} serves again as it was`);
    expect(platform.units.get(world.name)).toMatchObject({ id: theirs, running: true });
    expect(await world.journal()).toBeUndefined();
    // The engine knows the failed attempt as done: the next one has to be another.
    expect((await situation())?.made.trigger).not.toBe(first);
  });

  it("serves again as it was where ours does not pass its gate, and is told no more as ours", async () => {
    const context = await taken();
    platform.http.set("/healthz", failing);
    await expect(gate(context)).rejects.toThrow(`${world.name} serves again as it was`);
    expect(platform.units.get(world.name)).toMatchObject({ id: theirs, running: true });
    expect(world.did).not.toContain(`set ${world.name} aside as ${world.name}-adoption-failed`);
    expect(adoptedUnit(await world.records())).toBeUndefined();
    expect((await situation())?.move.kind).toBe("adopt");
  });

  it("keeps the name that it has", async () => {
    const other = new MemoryWorld(
      stable,
      undefined,
      { "instanceGroups.support.instances": [{ name: "another", adopt: "canary", volume: "old-home" }] },
      platform,
    );
    const [found] = await situationsOf(other.config, "test", platform);
    expect(found?.adoptionProblems).toContain(
      "canary keeps its name when it is adopted. Call the instance canary.",
    );
  });
});

describe("the locks of a gateway that was killed", () => {
  it.each(["stopped", "exited"])(
    "are removed before it is started again, whatever its platform calls that: %s",
    async (status) => {
      platform.jobs.set("removal of left-over locks", [{}]);
      platform.run(world.name, stable, { running: false, status, exitCode: 137 });
      await startOnState(world.context);
      expect(world.did).toEqual([`removal of left-over locks of ${world.name}`, `start ${world.name}`]);
    },
  );

  it("are none where it has ended by itself", async () => {
    platform.run(world.name, stable, { running: false, status: "stopped", exitCode: 0 });
    await startOnState(world.context);
    expect(world.did).toEqual([`start ${world.name}`]);
  });
});

describe("the trigger of a unit that is missing", () => {
  test("is another one for each time, and stays until the next", () => {
    const at = (time: string) => [{ kind: "begun", image: stable, time }] as never;
    const first = missingTrigger(true, undefined, at("2026-11-01T00:00:00.000Z"));
    expect(missingTrigger(true, undefined, at("2026-11-02T00:00:00.000Z"))).not.toBe(first);
    expect(missingTrigger(true, "2026-11-03T00:00:00.000Z", at("2026-11-01T00:00:00.000Z"))).not.toBe(first);
    const recorded = [{ kind: "serving", trigger: first, did: "" }] as never;
    expect(missingTrigger(false, undefined, recorded)).toBe(first);
    expect(lastServing(recorded)).toBe("first");
  });
});
