import { beforeEach, describe, expect, it } from "vitest";
import type { Move } from "../../lifecycle/evidence/move.ts";
import { prepare } from "../../lifecycle/update/prepare.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import { PlaceMissing } from "../../platforms/platform.ts";
import { MemoryWorld, taken } from "../support/memory-world.ts";
import { candidate, stable } from "./config-fixture.ts";

const forward: Move = { kind: "forward", from: stable, to: candidate };

let world: MemoryWorld;

beforeEach(() => {
  world = new MemoryWorld();
});

const prepared = (move: Move) => prepare(world.context, { workload: world.workload, move });
const answers = (purpose: string, answer: { stdout: string }) => world.platform.jobs.set(purpose, [answer]);

describe("the preparation of a first start", () => {
  const first: Move = { kind: "first", to: candidate };
  const stamp = (version: string) =>
    answers("look for a state", {
      stdout: `content\t1\nconfig\t${Buffer.from(version).toString("base64")}\n`,
    });

  beforeEach(() => {
    world.platform.images.set(candidate, { size: 1000, version: "2026.4.23" });
  });

  it.each<[string, () => unknown]>([
    ["in an empty place", () => answers("look for a state", { stdout: "content\t0\n" })],
    [
      "in a place that is still to be made",
      () => world.platform.fail("look for a state of canary", new PlaceMissing("no such volume")),
    ],
  ])("%s has nothing to copy", async (_what, find) => {
    find();
    expect(await prepared(first)).toEqual({
      ...{ workload: "canary", from: null, to: candidate },
      ...{ snapshot: null, drill: "not needed", rehearsal: "not needed" },
    });
    expect(await world.kinds()).toEqual([]);
    expect(world.did).toEqual([]);
  });

  it("on a state of its own version copies that and starts the copy", async () => {
    stamp("v2026.4.23");
    expect(await prepared(first)).toMatchObject({ from: candidate, snapshot: taken, drill: "passed" });
    expect(world.did).toEqual([
      "make ready for the cold snapshot of canary",
      "cold snapshot of canary",
      "check of the cold snapshot of canary",
      ...["restore of the drill of canary", `trial of ${candidate}`],
    ]);
    expect(await world.records()).toMatchObject([
      { kind: "snapshot", role: "cold", image: candidate },
      { kind: "drill", image: candidate },
    ]);
  });

  it("on a state of an unknown version says that nobody knows which", async () => {
    answers("look for a state", { stdout: "content\t1\n" });
    expect(await prepared(first)).toMatchObject({ from: null, drill: "passed" });
    expect(world.said.join("\n")).toContain(
      "it is not known which version wrote it (its configuration has no stamp of a version)",
    );
    expect(await world.records()).toMatchObject([{ kind: "snapshot", writer: "unknown" }, { kind: "drill" }]);
  });

  it("on a state of another version is refused: that one has to take it over first", async () => {
    stamp("2026.4.15");
    await expect(prepared(first)).rejects.toThrow(
      new OperationFailure(
        `its state was written by version 2026.4.15, and ${candidate} is version 2026.4.23. Nothing was touched. ` +
          "First let version 2026.4.15 take the state over: set `stable` to its image and run `pulumi up`. " +
          "Then update from there. Or give the workload an empty state.",
      ),
    );
    expect(await world.kinds()).toEqual([]);
    expect(world.did).toEqual([]);
  });

  it("where the container of an older version is gone drills that one", async () => {
    stamp("2026.4.15");
    expect(await prepared(forward)).toMatchObject({ from: stable, drill: "passed" });
    expect(world.did).toContain(`trial of ${stable}`);
  });
});
