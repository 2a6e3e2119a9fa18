import { describe, expect, it } from "vitest";
import { describeBaseline, lostChannels } from "../../lifecycle/checks/baseline.ts";
import { baselineBefore, noBaseline } from "../../lifecycle/checks/before.ts";
import { judgeSessions, sessionsOf } from "../../lifecycle/checks/kinds/unchanged.ts";
import type { EvidenceRecord } from "../../lifecycle/evidence/records.ts";

/** Only what tells one record from another. */
function records(...kinds: string[]): EvidenceRecord[] {
  return kinds.map((text, index) => {
    const [kind, image] = text.split(" ");
    return { kind, image, sequence: index + 1 } as unknown as EvidenceRecord;
  });
}

describe("the baseline of an update", () => {
  it.each<[string, EvidenceRecord[], string | undefined]>([
    ["nothing before the first start", records("gate", "verification"), undefined],
    ["the one of the newest cut-over", records("baseline a", "cut-over", "gate"), "a"],
    ["the newest of several preparations", records("baseline a", "baseline b", "cut-over"), "b"],
    [
      "the same when the checks run again",
      records("baseline a", "cut-over", "gate", "verification", "gate"),
      "a",
    ],
    [
      "not the one of an update that is only prepared",
      records("baseline a", "cut-over", "verification", "baseline b"),
      "a",
    ],
    [
      "on the way back the one of before the way forward",
      records("baseline a", "cut-over", "verification", "cut-over", "gate"),
      "a",
    ],
  ])("is %s", (_which, read, image) => {
    expect(baselineBefore(read)?.image).toBe(image);
  });

  it("does not take over what the last update has broken", () => {
    const up = (name: string) => ({ name, up: true });
    const down = (name: string) => ({ name, up: false, failure: "does not run" });
    const before = [up("a/1"), up("b/1"), down("c/1"), up("d/1")];
    // b is down, c was down before, d was switched off, e is new.
    expect(lostChannels(before, [up("a/1"), down("b/1"), down("c/1"), down("e/1")])).toEqual(["b/1"]);
    expect(lostChannels(undefined, [down("a/1")])).toEqual([]);
  });

  it("that is missing is told from a first start", () => {
    expect(noBaseline(records("gate", "verification"))).toBe(
      "first start: there is no version before to compare with",
    );
    expect(noBaseline(records("baseline", "cut-over", "gate"))).toBe(
      "not compared: the last update did not write it down, the next one does",
    );
  });

  it("is told in one line, with what was down already", () => {
    expect(
      describeBaseline({
        kind: "baseline",
        image: "a",
        restarts: 2,
        channels: [
          { name: "slack/default", up: true },
          { name: "irc/default", up: false, failure: "is not connected" },
        ],
        sessions: 7,
        configuration: { salt: "", secret: "", keys: { a: "1", b: "2" } },
        turn: { passed: false, detail: "no key" },
      }),
    ).toBe(
      "1 channels up, irc/default is not connected already, 7 sessions, 2 keys of its configuration, " +
        "a turn fails already (no key), 2 restarts",
    );
  });
});

describe("sessions", () => {
  const listed = (count: number) => ({
    exitCode: 0,
    stdout: JSON.stringify({
      path: null,
      stores: [],
      allAgents: true,
      count,
      activeMinutes: null,
      sessions: [],
    }),
    stderr: "",
  });

  it("are counted as `openclaw sessions --json` says it", () => {
    expect(sessionsOf(listed(3))).toBe(3);
    const cut = { count: 100, totalCount: 342, hasMore: true, sessions: [] };
    expect(sessionsOf({ exitCode: 0, stdout: JSON.stringify(cut), stderr: "" })).toBe(342);
    expect(() => sessionsOf({ exitCode: 1, stdout: "", stderr: "no such command" })).toThrow(
      "no list of sessions: no such command",
    );
  });

  it.each([
    [3, 3, true, "3 sessions, 3 before"],
    [3, 4, true, "4 sessions, 3 before"],
    [3, 2, false, "2 sessions instead of 3: sessions are gone"],
    [undefined, 2, true, "2 sessions; first start"],
  ])("of %s before and %s now", (before, now, passed, detail) => {
    expect(judgeSessions(before, now, "first start")).toEqual({ passed, detail });
  });
});
