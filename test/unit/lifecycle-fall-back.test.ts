import { beforeEach, describe, expect, it } from "vitest";
import type { Move } from "../../lifecycle/evidence/move.ts";
import { cutOver } from "../../lifecycle/update/cut-over.ts";
import { fallBack } from "../../lifecycle/update/fall-back.ts";
import { restoreBeforeCreate } from "../../lifecycle/update/restore.ts";
import { EngineFailure, OperationFailure } from "../../platforms/failure.ts";
import type { Unit } from "../../platforms/platform.ts";
import { MemoryWorld, taken } from "../support/memory-world.ts";
import { candidate, stable } from "./config-fixture.ts";

const release = {
  ...{ image: stable, snapshot: taken, takenAt: "2026-11-01T00:00:00.000Z" },
  markers: { databases: {} },
};
const back: Move = { kind: "back", from: candidate, to: stable, release };

let world: MemoryWorld;

/** A way back by code alone, as far as the creation of the old version, which did not become healthy. */
beforeEach(async () => {
  world = new MemoryWorld(stable);
  world.serving(candidate);
  const task = { workload: world.workload, move: back };
  await cutOver(world.context, task);
  world.platform.units.delete("canary");
  await restoreBeforeCreate(world.context, task);
  stands({ health: "unhealthy" });
  world.platform.log.set("canary", ["starting", "no such table: sessions"]);
  world.platform.deeds.list.length = 0;
});

function stands(change: Partial<Unit>, image = stable): void {
  world.platform.run("canary", image, change);
}

const fall = (move: Move = back) => fallBack(world.context, { workload: world.workload, move });

describe("an old version that does not come up on the state as it is", () => {
  it("is taken away, and its own state comes back", async () => {
    expect(await fall()).toEqual({ restored: taken });
    expect(world.did).toEqual(["stop canary", "remove canary", "restore of canary"]);
    expect((await world.records()).at(-1)).toMatchObject({
      ...{ kind: "restore", snapshot: taken, image: stable, reason: "state moved" },
      because: expect.stringMatching(
        / did not come up on the state that .* has left: starting \| no such table: sessions$/,
      ),
    });
    expect(await world.journal()).toMatchObject({ phase: "creating" });
    expect(world.said.join("\n")).toContain("(no such table: sessions): its snapshot comes back as well");
  });

  it("is not given its state a second time", async () => {
    await fall();
    stands({ health: "unhealthy" });
    await expect(fall()).rejects.toThrow(
      `canary: its state is that of snapshot ${taken.slice(0, 8)} already.`,
    );
  });

  it("has its restore finished by the next run when this one is killed", async () => {
    const dead = world.platform.deeds.killAt("restore of canary");
    void fall();
    await dead;
    expect(await world.journal()).toMatchObject({
      phase: "restoring",
      move: { restore: { snapshot: taken } },
    });
    await restoreBeforeCreate(world.context, {
      workload: world.workload,
      move: { kind: "none", to: stable },
    });
    expect(world.did).toContain("restore of canary");
    expect(await world.journal()).toMatchObject({ phase: "creating" });
  });

  it.each<[string, () => void, string]>([
    ["was never made", () => world.platform.units.delete("canary"), "its container was never started"],
    [
      "was never started",
      () => stands({ running: false, status: "created", health: undefined }),
      "its container was never started",
    ],
    ["is healthy by now", () => stands({}), "its container is healthy"],
    [
      "is another one",
      () => stands({ health: "unhealthy" }, candidate),
      `its container has another image, ${candidate}`,
    ],
  ])("keeps the state that is there where its container %s", async (_what, harm, why) => {
    harm();
    await expect(fall()).rejects.toThrow(`canary: ${why}. Its state is left as it is.`);
    expect(world.did).toEqual([]);
  });

  it.each<[string, Move]>([
    [
      "with its state",
      { ...back, restore: { snapshot: taken, takenAt: "", reason: "state moved", moved: ["x"] } },
    ],
    ["forward", { kind: "forward", from: stable, to: candidate }],
  ])("is not treated so on a move %s", async (_what, move) => {
    await expect(fall(move)).rejects.toThrow("canary: its state is no part of this: it is left as it is.");
    expect(world.did).toEqual([]);
  });

  it("stays as it is while something else has its state open, and while the engine does not answer", async () => {
    world.platform.fail("stop canary", new EngineFailure("The Docker host H does not answer", "Look at it."));
    await expect(fall()).rejects.toThrow("does not answer");
    expect(world.did).not.toContain("restore of canary");
    world.platform.otherWriter = "another container runs on the same state: stranger";
    await expect(fall()).rejects.toThrow(new OperationFailure(world.platform.otherWriter));
    expect(world.did).not.toContain("restore of canary");
  });
});
