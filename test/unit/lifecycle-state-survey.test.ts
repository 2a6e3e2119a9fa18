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
