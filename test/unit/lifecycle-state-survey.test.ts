import { beforeEach, describe, expect, it } from "vitest";
import type { Move } from "../../lifecycle/evidence/move.ts";
import { prepare } from "../../lifecycle/update/prepare.ts";
import type { Workload } from "../../lifecycle/workload.ts";
import { MemoryWorld, printed } from "../support/memory-world.ts";
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
