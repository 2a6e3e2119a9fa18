import { beforeEach, describe, expect, it, test } from "vitest";
import type { Move } from "../../lifecycle/evidence/move.ts";
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
