import { beforeEach, describe, expect, it } from "vitest";
import type { Move } from "../../lifecycle/evidence/move.ts";
import { prepare } from "../../lifecycle/update/prepare.ts";
import { PreparationMark } from "../../lifecycle/workdir/preparation-mark.ts";
import type { Workload } from "../../lifecycle/workload.ts";
import { EngineFailure, OperationFailure, reportOf } from "../../platforms/failure.ts";
import { TrialFailed } from "../../platforms/platform.ts";
import { MemoryWorld, printed, taken } from "../support/memory-world.ts";
import { candidate, snapshotTools, stable } from "./config-fixture.ts";

const forward: Move = { kind: "forward", from: stable, to: candidate };
const release = {
  image: stable,
  snapshot: taken,
  takenAt: "2026-11-01T00:00:00.000Z",
  markers: { databases: {} },
};
const back: Move = { kind: "back", from: candidate, to: stable, release };
const withState: Move = {
  ...back,
  restore: { snapshot: taken, takenAt: release.takenAt, reason: "state moved", moved: ["x"] },
};

const database = Buffer.from("memory/main.sqlite").toString("base64");
const space = printed["look at free space"];
const silent = new EngineFailure("The Docker host H does not answer", "Look at it.");

let world: MemoryWorld;

beforeEach(() => {
  world = new MemoryWorld();
  world.serving(stable);
});

function prepared(move: Move | undefined = forward, change: Partial<Workload> = {}, attempt?: string) {
  const workload = { ...world.workload, ...change };
  const task = { workload, ...(move && { move }), ...(attempt !== undefined && { attempt }) };
  return prepare({ ...world.context, workload }, task);
}

const markedAttempt = () => new PreparationMark(world.context.log.folder).attempt();
const answers = (purpose: string, ...all: { stdout?: string; stderr?: string; exitCode?: number }[]) =>
  world.platform.jobs.set(purpose, all);

async function refusalOf(preparation: Promise<unknown>): Promise<string> {
  const error = await preparation.then(
    () => new Error("it was not refused"),
    (reason: unknown) => reason,
  );
  // What is no failure of ours is printed with its stack.
  return reportOf(error);
}

/** The whole message, or a part of it. */
function saying(message: string | RegExp): unknown {
  return typeof message === "string" ? message : expect.stringMatching(message);
}

/** Whatever was refused: nothing of what serves was touched, and no update may rely on it. */
async function nothingIsTouched(image = stable): Promise<void> {
  expect(world.did.filter((what) => /^(hold|stop|start|remove|open|forget)/.test(what))).toEqual([]);
  expect(world.platform.units.get(world.name)).toMatchObject({ image, id: `unit of ${image}` });
  expect(world.requests).toBe("serving");
  expect(await world.journal()).toBeUndefined();
  expect(await markedAttempt()).toBe("");
  expect([...world.platform.scratches]).toEqual([]);
}

describe("a preparation", () => {
  it("proves the running version, copies its state and starts the copy, while it serves", async () => {
    expect(await prepared()).toEqual({
      ...{ workload: "canary", from: stable, to: candidate },
      ...{ snapshot: taken, drill: "passed", rehearsal: "off" },
    });
    expect(world.platform.did).toEqual([
      "ask canary",
      ...[`fetch ${snapshotTools}`, `fetch ${candidate}`],
      ...["look at free space of canary", "hot snapshot of canary", "check of the repository of canary"],
      ...["restore of the drill of canary", `trial of ${stable}`],
    ]);
    expect(await world.records()).toMatchObject([
      { kind: "baseline", image: stable },
      { kind: "snapshot", role: "hot", image: stable, snapshot: taken, files: 3, bytes: 100 },
      { kind: "drill", snapshot: taken, image: stable },
    ]);
    expect(world.requests).toBe("serving");
    expect(await world.journal()).toBeUndefined();
    expect(world.platform.scratches.size).toBe(0);
  });

  it("is marked as made, so that one which leads to nothing is made anew", async () => {
    await prepared();
    const open = await markedAttempt();
    expect(open).not.toBe("");
    await new PreparationMark(world.context.log.folder).used();
    expect(await markedAttempt()).toBe("");
    await prepared({ kind: "none", to: stable }, { image: stable }, open);
    expect(await markedAttempt()).toBe(open);
  });

  it("finds out its move by itself where nobody tells", async () => {
    expect(await prepared(undefined)).toMatchObject({ from: stable, drill: "passed" });
  });

  it("ends the job of an interrupted run first", async () => {
    world.platform.jobsLeft.set("canary", ["cold snapshot"]);
    await prepared();
    expect(world.said).toContain("canary: removed a left-over container (cold snapshot)");
    expect(world.platform.jobsLeft.size).toBe(0);
  });

  it("says which files went while they were copied", async () => {
    answers("hot snapshot", { stdout: `${printed["hot snapshot"]}vanished\t2\n` });
    await prepared();
    expect(world.said).toContain(
      "canary: 2 files were gone before they could be copied: they are in no snapshot",
    );
  });
});

describe("a preparation is refused, and nothing is touched,", () => {
  const refused: [what: string, harm: () => unknown, message: string | RegExp, kinds: string[]][] = [
    [
      "while something else has the state open",
      () => {
        world.platform.otherWriter = "another container runs on the same state: stranger";
      },
      "canary: preflight failed: another container runs on the same state: stranger",
      [],
    ],
    [
      "of a stopped one",
      () => world.platform.run("canary", stable, { running: false, status: "exited" }),
      "canary: preflight failed: the gateway is stopped, and an update of a sick workload can't be judged. First make it healthy, or go back. Its log: log of canary",
      [],
    ],
    [
      "of a paused one",
      () => world.platform.run("canary", stable, { paused: true }),
      /^canary: preflight failed: the gateway is paused, /,
      [],
    ],
    [
      "of a sick one",
      () => world.platform.run("canary", stable, { health: "unhealthy" }),
      /^canary: preflight failed: the gateway is unhealthy, /,
      [],
    ],
    [
      "of one that does not pass its own gate",
      () => world.platform.http.set("/healthz", { status: 503, body: "{}" }),
      /^canary: preflight failed: the running version does not pass its own gate \(.*HTTP 503 instead of 200.*\): /,
      [],
    ],
    [
      "without the image under its digest",
      () =>
        world.platform.fail(`fetch ${candidate}`, new OperationFailure("the registry has no such digest")),
      "canary: pull failed: the registry has no such digest",
      ["baseline"],
    ],
    [
      "without the image of the snapshots",
      () => world.platform.fail(`fetch ${snapshotTools}`, new OperationFailure("unauthorized")),
      "canary: pull failed: unauthorized",
      ["baseline"],
    ],
    ...(["state", "repository", "docker"] as const).map((place): (typeof refused)[number] => [
      `without room for a copy (${place})`,
      () =>
        answers("look at free space", {
          stdout: space.replace(`${place}-free\t1000000000000`, `${place}-free\t9000000`),
        }),
      `canary: hot snapshot failed: 9 MB are free ${
        {
          state: "beside the state (canary-state)",
          repository: "in the repository (/var/lib/clawforce/snapshots/canary)",
          docker: "on its own disk",
        }[place]
      }, but 1000 MB are needed (a copy of the state and clawforce:snapshots.minimumFree). Free space, or give it a larger disk.`,
      ["baseline"],
    ]),
    [
      "without memory for the drill",
      () =>
        answers("look at free space", {
          stdout: space.replace("memory-free\t100000000000", "memory-free\t600000000"),
        }),
      /^canary: hot snapshot failed: 600 MB of memory are free, but the drill needs 700 MB /,
      ["baseline"],
    ],
    [
      "when the hot snapshot fails",
      () => answers("hot snapshot", { exitCode: 1, stderr: "Fatal: no space left" }),
      "canary: hot snapshot failed: the hot snapshot failed (exit code 1, repository /var/lib/clawforce/snapshots/canary):\n  Fatal: no space left",
      ["baseline"],
    ],
    [
      "when the hot snapshot ends without a summary",
      () => answers("hot snapshot", { stdout: "done\n" }),
      "canary: hot snapshot failed: restic ended without a summary: the snapshot is not to be trusted.",
      ["baseline"],
    ],
    [
      "when a database is damaged",
      () =>
        answers("hot snapshot", {
          stdout: `${printed["hot snapshot"]}database\t${database}\t1\tx\trow 3 missing\n`,
        }),
      /^canary: hot snapshot failed: SQLite finds damage in the state of canary: memory\/main.sqlite: row 3 missing\. /,
      ["baseline"],
    ],
    [
      "when the repository is damaged",
      () => answers("check of the repository", { exitCode: 1, stderr: "pack 1a2b: wrong hash" }),
      /^canary: hot snapshot failed: the check of the repository failed .*:\n {2}pack 1a2b: wrong hash$/,
      ["baseline"],
    ],
    [
      "when the snapshot can't be restored",
      () => answers("restore of the drill", { exitCode: 1, stderr: "ciphertext verification failed" }),
      /^canary: drill failed: the restore of the drill failed .*:\n {2}ciphertext verification failed$/,
      ["baseline", "snapshot"],
    ],
    [
      "when the snapshot does not start",
      () =>
        world.platform.fail(
          `trial of ${stable}`,
          new TrialFailed("it is unhealthy", { said: ["no such table", "bye"], outOfMemory: undefined }),
        ),
      `canary: drill failed: snapshot ${taken.slice(0, 8)} does not start on ${stable}: it is unhealthy\n  Its last lines: no such table | bye\n  A snapshot that does not start is no way back: nothing was stopped. Find out why before the update.`,
      ["baseline", "snapshot"],
    ],
    [
      "when the drill runs out of memory",
      () =>
        world.platform.fail(
          `trial of ${stable}`,
          new TrialFailed("it ended", { said: [], outOfMemory: 700_000_000 }),
        ),
      /it ran out of the 700 MB of memory that a drill has \(clawforce:snapshots.drill.memory/,
      ["baseline", "snapshot"],
    ],
    [
      "while another deployer has its repository",
      () =>
        world.platform.holders.push({
          ...{ kind: "repository", of: "canary", purpose: "cut-over", host: "h2", pid: 7, since: "" },
        }),
      /process 7 on h2 holds it for the cut-over/,
      ["baseline"],
    ],
    [
      "while another drill runs on the host",
      () =>
        world.platform.holders.push({
          ...{ kind: "drill", of: "", purpose: "drill of b", host: "h2", pid: 7, since: "" },
        }),
      "canary: drill failed: process 7 on h2 holds it for the drill of b",
      ["baseline", "snapshot"],
    ],
    [
      "when the engine does not answer",
      () => {
        world.platform.unreachable = silent;
      },
      "The Docker host H does not answer. Look at it.",
      [],
    ],
    [
      "when the engine stops answering during the snapshot",
      () => world.platform.fail("hot snapshot of canary", silent),
      "canary: hot snapshot failed: The Docker host H does not answer. Look at it.",
      ["baseline"],
    ],
  ];

  it.each(refused)("%s", async (_what, harm, message, kinds) => {
    harm();
    expect(await refusalOf(prepared())).toEqual(saying(message));
    world.platform.unreachable = undefined;
    await nothingIsTouched();
    expect(await world.kinds()).toEqual(kinds);
  });

  it("when a failed update would take longer than the window", async () => {
    await expect(prepared(forward, { maintenance: 60 })).rejects.toThrow(
      /^canary: drill failed: a failed verification and a full restore may take .*, but the window has 1m\. /,
    );
    await nothingIsTouched();
    expect(await world.kinds()).toEqual(["baseline", "snapshot"]);
  });
});

describe("the preparation of a way back", () => {
  beforeEach(() => {
    world = new MemoryWorld(stable);
    world.serving(candidate);
    world.platform.run("canary", candidate, { health: "unhealthy" });
    world.platform.http.clear();
  });

  it("asks nothing of a sick workload, and copies nothing", async () => {
    expect(await prepared(back)).toEqual({
      ...{ workload: "canary", from: candidate, to: stable },
      ...{ snapshot: null, drill: "not needed", rehearsal: "not needed" },
    });
    expect(await world.kinds()).toEqual(["state"]);
    expect(world.did).toEqual([]);
  });

  it("looks for the snapshot that the state is set back to", async () => {
    await prepared(withState);
    expect(world.said.join("\n")).toContain(`snapshot ${taken.slice(0, 8)} is in the repository`);
  });

  it.each<[string, () => unknown, string | RegExp]>([
    [
      "whose snapshot is gone",
      () => answers("look into the repository", { stdout: '[{"id":"d2d2d2d2d2"}]\n' }),
      "canary: pull failed: the repository /var/lib/clawforce/snapshots/canary has no snapshot c1c1c1c1 (it has 1: d2d2d2d2). Name one that is there under `restore`.",
    ],
    [
      "that has no room beside the state",
      () =>
        answers("look at free space", {
          stdout: `${space.replace("state-free\t1000000000000\nstate-device\t1", "state-free\t5000000\nstate-device\t2").replace("state-used\t100", "state-used\t8000000")}`,
        }),
      /^canary: preflight failed: there is no room for the way back, and nothing was stopped: 5 MB are free beside the state \(canary-state\), /,
    ],
    [
      "beside another writer",
      () => {
        world.platform.otherWriter = "another container runs on the same state: stranger";
      },
      "canary: preflight failed: another container runs on the same state: stranger",
    ],
    [
      "without the old image",
      () => {
        world.platform.images.delete(stable);
        world.platform.fail(`fetch ${stable}`, new OperationFailure("the registry is gone"));
      },
      "canary: pull failed: the registry is gone",
    ],
  ])("%s is refused while nothing is stopped", async (_what, harm, message) => {
    harm();
    expect(await refusalOf(prepared(withState))).toEqual(saying(message));
    await nothingIsTouched(candidate);
  });

  it("asks restic how much a snapshot adds before it refuses for the repository's sake", async () => {
    answers("look at free space", {
      stdout: space
        .replace("repository-free\t1000000000000", "repository-free\t9000000")
        .replace("repository-device\t1", "repository-device\t2")
        .replace("state-used\t100", "state-used\t80000000"),
    });
    answers("rehearsal of the snapshot", { stdout: "growth\t1000000\n" });
    await prepared(back);
    answers("rehearsal of the snapshot", { stdout: "growth\t10000000\n" });
    await expect(prepared(back)).rejects.toThrow(/9 MB are free in the repository .*, 14 MB are needed/);
  });

  it("does not set back a state that has moved since the preview", async () => {
    answers("reading of the state's versions", { stdout: `database\t${database}\t2\tx\tok\n` });
    await expect(prepared(back)).rejects.toThrow(
      /^canary: preflight failed: the new version has moved the state since the preview \(memory\/main.sqlite.*\)\. /,
    );
    await nothingIsTouched(candidate);
    // The next preview knows.
    expect(await world.kinds()).toEqual(["state"]);
  });
});
