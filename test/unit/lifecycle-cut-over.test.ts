import { beforeEach, describe, expect, it } from "vitest";
import type { Move } from "../../lifecycle/evidence/move.ts";
import { cutOver } from "../../lifecycle/update/cut-over.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import { PlaceMissing } from "../../platforms/platform.ts";
import { MemoryWorld, printed, taken } from "../support/memory-world.ts";
import { candidate, stable } from "./config-fixture.ts";

const forward: Move = { kind: "forward", from: stable, to: candidate };

let world: MemoryWorld;

beforeEach(() => {
  world = new MemoryWorld();
  world.serving(stable);
});

function cut(move: Move = forward) {
  return cutOver(world.context, { workload: world.workload, move });
}

describe("a cut-over", () => {
  it("holds, stops, copies and checks in this order, and leaves what goes on record to the run that removes", async () => {
    expect(await cut()).toEqual({ snapshot: taken });
    const { name } = world;
    expect(world.did).toEqual([
      `make ready for the cold snapshot of ${name}`,
      `hold ${name}`,
      `stop ${name}`,
      `cold snapshot of ${name}`,
      `check of the cold snapshot of ${name}`,
    ]);
    expect(world.requests).toBe("held");
    expect(world.platform.units.get(name)?.running).toBe(false);
    expect(await world.kinds()).toEqual(["ingress", "snapshot"]);
    expect(await world.journal()).toMatchObject({
      phase: "removing",
      from: stable,
      cutOver: { kind: "cut-over", from: stable, to: candidate, direction: "forward", snapshot: taken },
    });
  });

  it("holds nothing where its snapshot can't be made ready, and stops nothing", async () => {
    const ready = `make ready for the cold snapshot of ${world.name}`;
    world.platform.fail(ready, new OperationFailure("no node takes it"));
    await expect(cut()).rejects.toThrow(
      `${world.name}: cold snapshot failed: no node takes it\nNothing was removed: ${world.name} serves ${stable} again.`,
    );
    expect(world.did).not.toContain(`hold ${world.name}`);
    expect(world.did).not.toContain(`stop ${world.name}`);
    expect(world.platform.units.get(world.name)?.running).toBe(true);
  });

  it("says whose mount names a folder that is not there", async () => {
    world.platform.fail(`cold snapshot of ${world.name}`, new PlaceMissing("/srv/notes"));
    await expect(cut()).rejects.toThrow(
      "a mount with `state: true` names a folder that is not there (/srv/notes). Correct its `source`, or make the folder.",
    );
    expect(world.platform.units.get(world.name)?.running).toBe(true);
  });

  it.each<[string, () => void, string]>([
    ["the stop", () => world.platform.fail(`stop ${world.name}`, new OperationFailure("it goes on")), "stop"],
    [
      "the cold snapshot",
      () => world.platform.jobs.set("cold snapshot", [{ exitCode: 1, stderr: "Fatal: no space left" }]),
      "cold snapshot",
    ],
    [
      "a file that came in meanwhile",
      () =>
        world.platform.jobs.set("check of the cold snapshot", [
          { stdout: printed["check of the cold snapshot"].replace("state-files\t3", "state-files\t4") },
        ]),
      "check",
    ],
    [
      "a damaged database",
      () =>
        world.platform.jobs.set("check of the cold snapshot", [
          {
            stdout: `${printed["check of the cold snapshot"]}database\tc3RhdGUvYS5zcWxpdGU=\t1\tx\trow 3 missing\n`,
          },
        ]),
      "check",
    ],
  ])("that fails by %s starts the old one again and lets the requests in", async (_what, harm, step) => {
    harm();
    await expect(cut()).rejects.toThrow(
      new RegExp(
        `^${world.name}: ${step} failed: [\\s\\S]*\\nNothing was removed: ${world.name} serves ${stable} again\\.`,
      ),
    );
    expect(world.did.slice(-2)).toEqual([`start ${world.name}`, `open ${world.name}`]);
    expect(world.platform.units.get(world.name)).toMatchObject({ image: stable, running: true });
    expect(world.requests).toBe("serving");
    expect(await world.journal()).toBeUndefined();
    const failures = (await world.records()).filter(({ kind }) => kind === "failure");
    expect(failures).toMatchObject([{ step, image: candidate }]);
  });

  it("stops nothing while something else has the state open", async () => {
    world.platform.otherWriter = "another container runs on the same state: stranger";
    await expect(cut()).rejects.toThrow("another container runs on the same state: stranger");
    expect(world.did).not.toContain(`stop ${world.name}`);
    expect(world.platform.units.get(world.name)?.running).toBe(true);
  });

  it("that can't start the old one again says so, keeps its journal, and names the command", async () => {
    world.platform.jobs.set("cold snapshot", [{ exitCode: 1, stderr: "Fatal" }]);
    world.platform.fail(`start ${world.name}`, new OperationFailure("no such image"));
    await expect(cut()).rejects.toThrow(
      `Nothing was removed, but ${world.name} could not be started again: no such image Run \`fleet recover\``,
    );
    expect(await world.journal()).toMatchObject({ phase: "snapshotting", from: stable });
    expect(world.requests).toBe("held");
  });

  it("of a workload that leaves the stack stops nothing of somebody else's under its name", async () => {
    const { id } = world.platform.run(world.name, "openclaw:by-hand");
    world.platform.strangers.set(id, "a container called canary is there that no stack created");
    expect(await cutOver(world.context, { workload: world.workload })).toEqual({ snapshot: null });
    expect(world.did).toEqual([`forget ${world.name}`]);
    expect(world.platform.units.get(world.name)?.running).toBe(true);
  });

  it("does not begin where the requests can't be held, on the way forward", async () => {
    world.proxy.failure = new OperationFailure("the ingress does not answer");
    await expect(cut()).rejects.toThrow("the ingress does not answer");
    expect(world.did).not.toContain(`stop ${world.name}`);
  });

  it("goes on where they can't be held, on the way back of a sick one, with a pre-restore snapshot", async () => {
    world.serving(candidate);
    world.platform.run(world.name, candidate, { health: "unhealthy" });
    world.proxy.failure = new OperationFailure("the ingress does not answer");
    const release = { image: stable, snapshot: taken, takenAt: "", markers: { databases: {} } };
    const restore = { snapshot: taken, takenAt: "", reason: "state moved" as const, moved: ["x"] };
    const back: Move = { kind: "back", from: candidate, to: stable, release, restore };
    world.platform.jobs.set("check of the cold snapshot", [
      {
        stdout: `${printed["check of the cold snapshot"]}database\tc3RhdGUvYS5zcWxpdGU=\t1\tx\trow 3 missing\n`,
      },
    ]);
    expect(await cut(back)).toEqual({ snapshot: taken });
    expect(world.said.join("\n")).toContain(
      "its requests are not held, and its cut-over goes on without that",
    );
    expect(await world.records()).toMatchObject([
      { kind: "snapshot", role: "pre-restore", image: candidate },
    ]);
  });

  it("of one that is gone already holds its requests and stops nothing", async () => {
    world.platform.units.delete(world.name);
    expect(await cut()).toEqual({ snapshot: null });
    expect(world.did).toEqual([`hold ${world.name}`]);
  });

  it("of one that leaves the configuration takes it out of the ingress once its state is copied", async () => {
    await cutOver(world.context, { workload: world.workload });
    expect(world.did.slice(-2)).toEqual([
      `check of the cold snapshot of ${world.name}`,
      `forget ${world.name}`,
    ]);
  });
});
