import { beforeEach, describe, expect, it } from "vitest";
import { type RehearsalConfig, usualRehearsal } from "../../config/rehearsal-schema.ts";
import type { Move } from "../../lifecycle/evidence/move.ts";
import type { RehearsalEntry } from "../../lifecycle/evidence/records.ts";
import { prepare } from "../../lifecycle/update/prepare.ts";
import type { Workload } from "../../lifecycle/workload.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import { type ProgramRun, type Trial, TrialFailed } from "../../platforms/platform.ts";
import { MemoryWorld, taken } from "../support/memory-world.ts";
import { candidate, stable } from "./config-fixture.ts";

const forward: Move = { kind: "forward", from: stable, to: candidate };
const doctor = ["openclaw", "doctor", "--fix"];
const migrate = [{ command: doctor, deadline: 600, perGigabyte: 300 }];
const drillCopy = "clawforce-drill-test-canary";

let world: MemoryWorld;
let trials: Trial[];
let programs: ProgramRun[];

beforeEach(() => {
  world = new MemoryWorld();
  world.serving(stable);
  trials = [];
  programs = [];
  const { platform } = world;
  const [trial, program] = [platform.trial.bind(platform), platform.runProgram.bind(platform)];
  platform.trial = (each) => {
    trials.push(each);
    return trial(each);
  };
  platform.runProgram = (each) => {
    programs.push(each);
    return program(each);
  };
});

type Rehearsing = Partial<Omit<Workload, "rehearse">> & { rehearse?: Partial<RehearsalConfig> };

function prepared({ rehearse, ...change }: Rehearsing = {}, move = forward) {
  const workload = { ...world.workload, rehearse: { ...usualRehearsal, ...rehearse }, ...change };
  return prepare({ ...world.context, workload }, { workload, move });
}

async function rehearsal(): Promise<RehearsalEntry> {
  const found = (await world.records()).findLast(({ kind }) => kind === "rehearsal");
  if (found?.kind !== "rehearsal") throw new Error("no rehearsal is on record");
  return found;
}

/** What a preparation did after the look at the repository, and how the copy was used. */
const didOnCopy = () => world.did.filter((what) => /^(trial|openclaw|restore)/.test(what));

/** What the markers of the copy are after the new version. */
function states(stdout: string): void {
  world.platform.jobs.set("reading of the state's versions", [{ stdout }]);
}

function database(path: string, version: number): string {
  return `database\t${Buffer.from(path).toString("base64")}\t${version}\tschema${version}\tok\n`;
}

function archive(path: string): string {
  return `archive\t${Buffer.from(path).toString("base64")}\t10 bytes of 2026-11-30\n`;
}

function endsWith(image: string, ...said: string[]): void {
  const failure = new TrialFailed("the container ended with exit code 78", { said, outOfMemory: undefined });
  world.platform.fail(`trial of ${image}`, failure);
}

/** Whatever the outcome: nothing of what serves was touched, and no copy is left. */
function nothingIsTouched(): void {
  expect(world.did.filter((what) => /^(hold|stop|start|remove|open|forget) canary/.test(what))).toEqual([]);
  expect(world.requests).toBe("serving");
  expect([...world.platform.scratches]).toEqual([]);
}

describe("a rehearsal", () => {
  it("tries migration, new version and old version on one copy, after the drill", async () => {
    expect(await prepared({ migrate })).toMatchObject({ drill: "passed", rehearsal: "passed" });
    expect(didOnCopy()).toEqual([
      "restore of the drill of canary",
      `trial of ${stable}`,
      `${doctor.join(" ")} on ${drillCopy}`,
      `trial of ${candidate}`,
      `trial of ${stable}`,
    ]);
    expect(await rehearsal()).toMatchObject({
      ...{ from: stable, image: candidate, snapshot: taken, outcome: "passed" },
      changes: {
        moves: [],
        configuration: { gone: [], changed: [] },
        files: { gone: 0 },
        bytes: { after: 120 },
      },
      wayBack: { proved: true, why: "the old version comes up on what the new one leaves" },
    });
    nothingIsTouched();
  });

  it("keeps the workload's secrets from the new version, but for those that are named", async () => {
    world.platform.run("canary", stable, {
      environment: ["MODEL_KEY=k-1", "STATE_KEY=k-2", "OPENCLAW_GATEWAY_TOKEN=t"],
    });
    const later = { stopGrace: 30, secrets: { MODEL_KEY: "model" }, instanceSecrets: { STATE_KEY: "state" } };
    const made = { ...world.workload.made, later } as NonNullable<Workload["made"]>;
    await prepared({ made, migrate, rehearse: { secrets: ["STATE_KEY"] } });
    const [, start] = trials;
    expect(start?.like.unit).toBeUndefined();
    expect(start?.like.otherwise.environment).toMatchObject({ MODEL_KEY: "rehearsal", STATE_KEY: "k-2" });
    const { tokenVariable = "" } = world.workload;
    expect(start?.like.otherwise.environment[tokenVariable]).toMatch(/^[0-9a-f-]{36}$/);
    expect(programs[0]?.start).toEqual(start?.like.otherwise);
  });

  it("says that a version does not end in the time that an update gives it", async () => {
    world.platform.endTrial = async () => ({ seconds: 30, killed: true });
    world.platform.jobs.set("removal of left-over locks", [{}]);
    await prepared({ stopGrace: 30 });
    expect(world.said).toContainEqual(
      expect.stringMatching(
        /-openclaw-2026\.4\.23@\w+ did not end within 30s on the copy and was killed\. So it would be in an update: make `stopGrace` longer\.$/,
      ),
    );
  });

  it("says what a copy was not kept apart from", async () => {
    await prepared();
    expect(world.said.join("\n")).not.toContain("on the copy:");
    world.platform.notApart = "it had a network.";
    await prepared({ rehearse: { maximumAge: 0 } });
    expect(world.said.join("\n")).toContain("on the copy: it had a network.");
  });

  it("says which secret is named and not there", async () => {
    await expect(prepared({ rehearse: { secrets: ["STATE_KEI"] } })).rejects.toThrow(
      "canary: rehearsal failed: clawforce:rehearsal.secrets names STATE_KEI, and its container has no such variable.",
    );
    nothingIsTouched();
  });

  it("tells what the new version makes of the state, and that it can be gone back from by code alone", async () => {
    const stamped = (version: string) => `config\t${Buffer.from(version).toString("base64")}\n`;
    states(`${stamped("2")}${database("b.sqlite", 1)}`);
    world.platform.jobs.set("hot snapshot", [
      { stdout: `${world.platform.jobs.get("hot snapshot")?.[0]?.stdout}${stamped("1")}` },
    ]);
    world.platform.jobs.set("look at the copied configuration", [
      { stdout: '{"channels":{"irc":{"host":"a"}},"agents":{"list":[{"id":"main"}]}}' },
      { stdout: '{"channels":{"irc":{"host":"b"}},"agents":{"entries":{"main":{}}}}' },
    ]);
    await prepared();
    const { changes, wayBack } = await rehearsal();
    expect(changes?.moves).toEqual(["b.sqlite is new", "config stamp 1 -> 2"]);
    expect(changes?.configuration).toEqual({ gone: [], changed: ["channels.irc.host"] });
    expect(wayBack?.proved).toBe(true);
    expect(world.said.join("\n")).toMatch(
      /rehearsal: .*b\.sqlite is new; config stamp 1 -> 2; changed in the configuration: .*; going back: code only \(proved\)/,
    );
  });

  it.each<[string, () => void, RegExp]>([
    [
      "the old version refuses what the new one leaves",
      () => {
        const { platform } = world;
        const trial = platform.trial.bind(platform);
        let starts = 0;
        platform.trial = async (each) => {
          starts += 1;
          await trial(each);
          if (starts === 3) {
            const said = ["state schema 2 is newer than 1: refusing"];
            throw new TrialFailed("it ended", { said, outOfMemory: undefined });
          }
        };
      },
      /^the old version does not come up on it: state schema 2 is newer than 1: refusing$/,
    ],
    [
      "it comes up and would miss a part of its configuration",
      () =>
        world.platform.jobs.set("look at the copied configuration", [
          { stdout: '{"channels":{"irc":{"host":"a"}}}' },
          { stdout: '{"channels":{}}' },
        ]),
      /^the old version comes up on it, and may not find what it had: openclaw\.json channels\.irc\.host is gone$/,
    ],
    [
      "it comes up and would not find its jobs",
      () => states(archive("cron/jobs.json.migrated")),
      /^the old version comes up on it, and may not find what it had: cron\/jobs\.json\.migrated is new$/,
    ],
    [
      "it comes up on a schema that is not its own",
      () => {
        states(database("a.sqlite", 2));
        world.platform.jobs.set("hot snapshot", [
          { stdout: `${world.platform.jobs.get("hot snapshot")?.[0]?.stdout}${database("a.sqlite", 1)}` },
        ]);
      },
      /^the old version comes up on it, and may not find what it had: a\.sqlite 1 -> 2$/,
    ],
    [
      "a file of the version is gone",
      () =>
        world.platform.jobs.set("look at what the new version has changed", [
          { stdout: `gone\t${Buffer.from("logs/a.log\nworkspace/x\ndevices.json\n").toString("base64")}\n` },
        ]),
      /^the old version comes up on it, and may not find what it had: devices\.json is gone$/,
    ],
  ])("passes and says that going back takes the state along: %s", async (_what, harm, why) => {
    harm();
    expect(await prepared()).toMatchObject({ rehearsal: "passed" });
    expect((await rehearsal()).wayBack).toEqual({ proved: false, why: expect.stringMatching(why) });
    nothingIsTouched();
  });
});

describe("a rehearsal fails, and nothing is stopped,", () => {
  it.each<[string, () => void, RegExp, object]>([
    [
      "when the new version ends",
      () => endsWith(candidate, "missing or drifted index x; run openclaw doctor --fix"),
      /it does not work on a copy of the state: the container ended with exit code 78\n {2}Its last lines: .*\n {2}First: .*Write `migrate: /,
      { stage: "start", why: expect.stringContaining("exit code 78") },
    ],
    [
      "when it is healthy and says that a channel is gone",
      () => world.platform.log.set(candidate, ["[gateway] ready", "plugin not installed: irc"]),
      /it becomes healthy, and says:\n {2}plugin not installed: irc\n {4}First: the new version's image does not carry that plugin\./,
      { stage: "start", why: expect.stringContaining("plugin not installed: irc") },
    ],
    [
      "when a step of its migration fails",
      () => world.platform.jobs.set("migration of canary", [{ exitCode: 1, stdout: "lease lost" }]),
      /its migration fails on a copy of the state: `openclaw doctor --fix` ended with exit code 1\.\nIts last lines:\n {2}lease lost/,
      { stage: "migration", why: expect.stringContaining("exit code 1") },
    ],
    [
      "when a step of its migration hangs",
      () => world.platform.jobs.set("migration of canary", [{ exitCode: -1 }]),
      /`openclaw doctor --fix` did not end within 10m and was killed\.\nIt printed nothing\./,
      { stage: "migration", why: expect.stringContaining("10m") },
    ],
  ])("%s", async (_what, harm, message, failure) => {
    harm();
    await expect(prepared({ migrate })).rejects.toThrow(message);
    expect(await rehearsal()).toMatchObject({ outcome: "failed", failure });
    nothingIsTouched();
  });

  it("when it does not pass its gate although it is healthy", async () => {
    world.platform.trial = async ({ image }) => {
      if (image === candidate) world.platform.http.set("/healthz", { status: 200, body: '{"ok":false}' });
    };
    await expect(prepared()).rejects.toThrow(
      /it becomes healthy, and does not pass its gate:\n {2}http \/healthz: ok is false instead of true/,
    );
    nothingIsTouched();
  });

  it("but not for what was wrong with the old version already, nor for a hint", async () => {
    const known = "2026-11-30T10:00:00Z plugin not installed: irc";
    world.platform.log.set(stable, [known]);
    world.platform.log.set(candidate, [
      known.replace("10:00", "11:11"),
      "run openclaw doctor --fix to tidy up",
    ]);
    expect(await prepared()).toMatchObject({ rehearsal: "passed" });
  });

  it("and an engine that fails meanwhile is no word about the new version", async () => {
    world.platform.fail(`trial of ${candidate}`, new OperationFailure("the engine is gone"));
    await expect(prepared()).rejects.toThrow("canary: rehearsal failed: the engine is gone");
    expect(await world.kinds()).not.toContain("rehearsal");
    nothingIsTouched();
  });
});

describe("the forecast of a rehearsal", () => {
  const slow = async () => {
    const { platform } = world;
    const trial = platform.trial.bind(platform);
    platform.trial = async (each) => {
      await trial(each);
      if (each.image === candidate) await new Promise((resolve) => setTimeout(resolve, 150));
    };
  };

  it("is what the pause will be, from what was measured and from the last cut-over", async () => {
    await world.context.log.append({
      ...{ kind: "snapshot", role: "cold", snapshot: "old", image: stable, files: 1, bytes: 1 },
      ...{ seconds: 4, markers: { databases: {} } },
    });
    await slow();
    await prepared();
    const { forecast } = await rehearsal();
    expect(forecast).toMatchObject({ stop: 0, copy: 4, migration: 0, gate: 0 });
    expect(forecast?.start).toBeGreaterThanOrEqual(0.1);
    expect(forecast?.total).toBeCloseTo(4 + (forecast?.start ?? 0), 1);
    expect(world.said.join("\n")).toMatch(/rehearsal: a pause of about 4\.\ds: copy 4s, start \d+ms/);
  });

  it("refuses an update whose requests would not wait that long, also by one of before", async () => {
    await slow();
    const ingress = { ...world.workload.ingress, hold: 0.05 } as NonNullable<Workload["ingress"]>;
    const sentence =
      /rehearsal failed: its requests would wait for 50ms at most and then be answered with 503. The forecast is a pause of about \d+ms/;
    await expect(prepared({ ingress })).rejects.toThrow(sentence);
    nothingIsTouched();
    expect(await rehearsal()).toMatchObject({ outcome: "passed" });
    await expect(prepared({ ingress })).rejects.toThrow(sentence);
    expect((await world.kinds()).filter((kind) => kind === "rehearsal")).toHaveLength(1);
    const { ingress: _, ...without } = world.workload;
    expect(
      await prepare({ ...world.context, workload: without }, { workload: without, move: forward }),
    ).toMatchObject({
      drill: "passed",
    });
  });

  it("refuses an update that would not wait for it, also by one of before, where the start alone takes longer", async () => {
    await slow();
    const sentence =
      /rehearsal failed: the new version took \d+ms to become healthy on the copy, but an update waits 50ms for it and then goes back\. Make `container\.health\.wait` longer\./;
    await expect(prepared({ healthWait: 0.05 })).rejects.toThrow(sentence);
    nothingIsTouched();
    await expect(prepared({ healthWait: 0.05 })).rejects.toThrow(sentence);
    expect((await world.kinds()).filter((kind) => kind === "rehearsal")).toHaveLength(1);
    expect(await prepared()).toMatchObject({ drill: "passed" });
  });
});

describe("a rehearsal that is on record", () => {
  it("counts for the same two images and the same migration", async () => {
    await prepared();
    await prepared();
    expect((await world.kinds()).filter((kind) => kind === "rehearsal")).toHaveLength(1);
    expect(world.said.join("\n")).toMatch(/its rehearsal of \S+ counts: a pause of about /);
    await prepared({ migrate });
    expect((await world.kinds()).filter((kind) => kind === "rehearsal")).toHaveLength(2);
  });

  it("does not count for a copy without what that one had, nor the other way round", async () => {
    const leavingOut = (...exclude: string[]) => ({ snapshots: { ...world.workload.snapshots, exclude } });
    const count = async () => (await world.kinds()).filter((kind) => kind === "rehearsal").length;
    await prepared();
    await prepared(leavingOut("media"));
    expect(await count()).toBe(2);
    await prepared(leavingOut("media"));
    expect(await count()).toBe(2);
    await prepared();
    expect(await count()).toBe(3);
  });

  it("does not count when it is too old", async () => {
    await prepared();
    await prepared({ rehearse: { maximumAge: -1 } });
    expect((await world.kinds()).filter((kind) => kind === "rehearsal")).toHaveLength(2);
  });

  it("is not asked for where it is turned off, on the way back, and for other settings", async () => {
    expect(await prepared({ rehearse: { enabled: false } })).toMatchObject({ rehearsal: "off" });
    const change: Move = { kind: "change", from: stable, to: stable, changes: ["x"], back: false };
    expect(await prepared({ image: stable }, change)).toMatchObject({ rehearsal: "not needed" });
    expect(await world.kinds()).not.toContain("rehearsal");
  });
});
