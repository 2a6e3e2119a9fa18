import { describe, expect, it } from "vitest";
import type { Move } from "../../lifecycle/evidence/move.ts";
import type { RehearsalEntry } from "../../lifecycle/evidence/records.ts";
import { behindCanary } from "../../lifecycle/evidence/refusal.ts";
import { migrationPrint } from "../../lifecycle/rehearsal/settings.ts";
import { describePlan, describeUnrecorded } from "../../lifecycle/update/plan.ts";
import type { Situation } from "../../lifecycle/update/situation.ts";
import { recorder } from "../support/records.ts";

const one = `registry/openclaw:2026.4.15@sha256:${"1".repeat(64)}`;
const two = `registry/openclaw:2026.4.23@sha256:${"2".repeat(64)}`;
const now = new Date("2026-04-25T08:27:00Z");
const restore = {
  snapshot: "aaaaaaaa11112222",
  takenAt: "2026-04-25T05:27:00.000Z",
  reason: "state moved" as const,
  moved: ["main.sqlite 1 -> 2"],
};
const release = {
  image: one,
  snapshot: restore.snapshot,
  takenAt: restore.takenAt,
  markers: { databases: {} },
};

function inputOf(name: string) {
  return { name, state: { volume: "s" }, mount: "/state", snapshots: {} };
}

function plan(move: Move, rest: Partial<Situation> = {}): string[] {
  const surveyed = {
    config: { track: "runtime", managed: false },
    input: inputOf("support-1"),
    move,
    ...{ observed: undefined, journal: undefined, records: [], made: {}, waits: undefined },
    ...rest,
  };
  return describePlan([surveyed as Situation], now);
}

describe("describePlan", () => {
  it.each<[Move, string]>([
    [{ kind: "first", to: one }, "first start on openclaw:2026.4.15@111111111111"],
    [
      { kind: "forward", from: one, to: two },
      "update openclaw:2026.4.15@111111111111 -> openclaw:2026.4.23@222222222222; not rehearsed yet: its preparation does it",
    ],
    [
      { kind: "back", from: two, to: one, release },
      "back openclaw:2026.4.23@222222222222 -> openclaw:2026.4.15@111111111111, its state stays as it is; aaaaaaaa is restored if the old version can't work with it",
    ],
    [
      { kind: "back", from: two, to: one, release, restore },
      "back openclaw:2026.4.23@222222222222 -> openclaw:2026.4.15@111111111111, with its state: snapshot aaaaaaaa of " +
        "2026-04-25T05:27:00.000Z is restored after a pre-restore snapshot, which takes back what was written in the 3h since then; " +
        "state moved (main.sqlite 1 -> 2)",
    ],
    [
      {
        kind: "restore",
        from: one,
        to: one,
        restore: { ...restore, reason: "requested", takenAt: "unknown", moved: [] },
      },
      "its state is set back: snapshot aaaaaaaa of unknown is restored after a pre-restore snapshot; requested",
    ],
    [
      {
        kind: "change",
        from: one,
        to: one,
        changes: ["command changes", "environment.A is new"],
        back: false,
      },
      "change of settings on openclaw:2026.4.15@111111111111 (command changes, environment.A is new)",
    ],
    [
      { kind: "change", from: one, to: one, changes: ["command changes"], back: true },
      "back to settings that it has passed on, on openclaw:2026.4.15@111111111111 (command changes)",
    ],
    [
      { kind: "forward", from: one, to: two, changes: ["command changes"] },
      "update openclaw:2026.4.15@111111111111 -> openclaw:2026.4.23@222222222222 (command changes); not rehearsed yet: its preparation does it",
    ],
  ])("%#: %o", (move, line) => {
    expect(plan(move)).toEqual([`support-1: ${line}`]);
  });

  it("is silent about a workload that stays as it is", () => {
    expect(plan({ kind: "none", to: one })).toEqual([]);
  });

  it("says what a workload does not get yet, and until when", () => {
    const waits = { changes: ["environment.A is new"], until: "canary has passed on the new ones" };
    expect(plan({ kind: "none", to: one }, { waits })).toEqual([
      "support-1: keeps its settings until canary has passed on the new ones (environment.A is new)",
    ]);
  });

  it("says that a workload is judged again after its records began anew, and that one that is refused stays", () => {
    const records = recorder()({ kind: "begun", image: one, container: "c", because: "lost" });
    const again = "its records began anew: it stays as it is, and its gate and its checks run once more";
    expect(plan({ kind: "none", to: one }, { records })).toEqual([`support-1: ${again}`]);
    const refused = behindCanary("canary", two);
    expect(plan({ kind: "none", to: one }, { records, refused })).toEqual([
      "support-1: refused: its canary canary stays as it is and proves nothing. It stays as it is. It goes on once canary does.",
    ]);
  });

  it("says what is known of a rehearsal, of a copy without what is left out now", () => {
    const rehearsed = (leftOut: { leftOut?: string[] }) => {
      const entry: RehearsalEntry = {
        ...{ kind: "rehearsal", snapshot: "a", from: one, image: two, migration: migrationPrint({}) },
        ...{ outcome: "passed", seconds: { migration: 0, start: 2 }, ...leftOut },
      };
      const records = recorder({ first: now.toISOString() })(entry);
      const [line = ""] = plan({ kind: "forward", from: one, to: two }, { records });
      return line.replace(/^.*?; /, "");
    };
    expect(rehearsed({})).toBe(`rehearsed at ${now.toISOString()}: ready in 2s`);
    expect(rehearsed({ leftOut: ["media"] })).toBe("not rehearsed yet: its preparation does it");
  });

  it("says whose settings are not on record yet", () => {
    const observed = { id: "c", image: one, state: "running", serves: true };
    const surveyed = (name: string, rest: object) =>
      ({
        ...{ config: { managed: false }, input: { name }, records: [], observed },
        ...rest,
      }) as unknown as Situation;
    const said = describeUnrecorded([
      surveyed("a", {}),
      surveyed("b", {}),
      surveyed("managed", { config: { managed: true } }),
      surveyed("new", { observed: undefined }),
      surveyed("known", { records: [{ kind: "settings", later: {} }], made: { later: {} } }),
    ]);
    expect(said).toEqual([
      expect.stringMatching(
        /^a, b: the settings of their containers are not on record yet; .* take that back first/,
      ),
    ]);
  });

  it("says of whose tokens nothing is on record yet", () => {
    const observed = { id: "c", image: one, state: "running", serves: true };
    const surveyed = {
      ...{ config: { managed: false }, input: { name: "old" }, observed },
      ...{ records: [{ kind: "settings", later: {} }], made: { later: { tokenValue: "t" } } },
    } as unknown as Situation;
    expect(describeUnrecorded([surveyed])[0]).toContain(
      "old: nothing is on record yet of the values of its secrets",
    );
  });

  it("says of whose secrets the values are not on record yet", () => {
    const observed = { id: "c", image: one, state: "running", serves: true };
    const later = { secrets: { KEY: "model" } };
    const surveyed = (name: string, before: object, now: object) =>
      ({
        ...{ config: { managed: false }, input: { name }, observed },
        ...{ records: [{ kind: "settings", later: before }], made: { later: now } },
      }) as unknown as Situation;
    const known = { ...later, secretValues: { KEY: "x" } };
    const said = describeUnrecorded([
      surveyed("old", later, known),
      surveyed("known", known, known),
      surveyed("another secret", { secrets: { KEY: "second" } }, known),
      surveyed("not asked", later, later),
      surveyed("with its token", { ...known, tokenValue: "t" }, { ...known, tokenValue: "u" }),
    ]);
    expect(said).toEqual([
      "old: nothing is on record yet of the values of its secrets; this update writes it down. " +
        "If you set a new value since the last update, set the old one again first. Otherwise all instances get the new one at once.",
    ]);
  });

  it("says that a held workload is let in, once its gate has judged it", () => {
    const hold = { since: "2026-04-25T08:00:00Z", until: "2026-04-25T08:05:00Z", why: "cut-over" };
    expect(plan({ kind: "none", to: one }, { hold })).toEqual([
      "support-1: its requests are held: they are let in once it has passed its gate",
    ]);
  });

  it("says that a stopped workload is brought back", () => {
    const observed = { id: "c", image: one, state: "exited", serves: false };
    expect(plan({ kind: "none", to: one }, { observed })).toEqual([
      "support-1: is exited and is brought back",
    ]);
  });

  it("says who can't be reached while the control plane changes", () => {
    const surveyed = (config: object, name: string, move: Move) =>
      ({ config, input: inputOf(name), move, records: [], made: {} }) as unknown as Situation;
    const plane = { track: "control-plane", managed: false };
    const managed = { track: "runtime", managed: true };
    expect(
      describePlan(
        [
          surveyed(plane, "clawforce", { kind: "forward", from: one, to: two }),
          surveyed(managed, "bot-a", { kind: "none", to: one }),
          surveyed(managed, "bot-b", { kind: "none", to: one }),
        ],
        now,
      ),
    ).toEqual([
      "clawforce: update openclaw:2026.4.15@111111111111 -> openclaw:2026.4.23@222222222222; not rehearsed yet: its preparation does it; bot-a, bot-b can't be reached through it meanwhile",
    ]);
  });
});
