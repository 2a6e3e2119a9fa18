import { describe, expect, it } from "vitest";
import { currentMarkers, type Move, moveOf, releasesOf } from "../../lifecycle/evidence/move.ts";
import type {
  EvidenceEntry,
  EvidenceRecord,
  GateEntry,
  Markers,
  RehearsalEntry,
} from "../../lifecycle/evidence/records.ts";
import { restoreOf } from "../../lifecycle/evidence/restore-order.ts";
import { recorder } from "../support/records.ts";

const image = (version: number) => `registry/openclaw:${version}@sha256:${String(version).repeat(64)}`;
const [one, two, three] = [image(1), image(2), image(3)];

const history = recorder({ first: "2026-04-25T05:00:00.000Z" });

function snapshot(
  id: string,
  of: string,
  version: number,
  role: "hot" | "cold" | "pre-restore" = "cold",
): EvidenceEntry {
  return {
    kind: "snapshot",
    role,
    snapshot: id,
    image: of,
    files: 2,
    bytes: 10,
    seconds: 1,
    markers: markersAt(version),
  };
}

function cutOver(
  from: string,
  to: string,
  id: string,
  direction: "forward" | "back" | "same",
): EvidenceEntry {
  const drained = { active: 0, seconds: 0, cut: 0 };
  return {
    kind: "cut-over",
    from,
    to,
    direction,
    snapshot: id,
    drained,
    stop: { seconds: 1, killed: false },
  };
}

function markersAt(userVersion: number): Markers {
  return { databases: { "main.sqlite": { userVersion, schema: "0123456789abcdef" } }, archives: {} };
}

function gate(of: string, version: number): EvidenceEntry {
  const markers = markersAt(version);
  return {
    kind: "gate",
    image: of,
    container: "c",
    outcome: "passed",
    checks: [],
    checksHash: "0123456789abcdef",
    markers,
  };
}

function rehearsal(
  from: string,
  to: string,
  left: number,
  wayBack: RehearsalEntry["wayBack"],
): EvidenceEntry {
  return {
    ...failedRehearsal(from, to),
    outcome: "passed",
    markers: markersAt(left),
    ...(wayBack && { wayBack }),
  };
}

function failedRehearsal(from: string, to: string): RehearsalEntry {
  return {
    ...{ kind: "rehearsal", snapshot: "hhhhhhhh", from, image: to, migration: "m", outcome: "failed" },
    seconds: { migration: 0 },
  };
}

const updatedOnce = [gate(one, 1), snapshot("aaaaaaaa", one, 1), cutOver(one, two, "aaaaaaaa", "forward")];

function move(
  records: EvidenceRecord[],
  running: string | undefined,
  wanted: string,
  snapshot?: string,
): Move {
  const order = snapshot === undefined ? undefined : { snapshot, order: "INC-1" };
  return moveOf({ running, wanted, records, requested: restoreOf(order, records) });
}

describe("moveOf", () => {
  it("calls a workload without container and records a first start", () => {
    expect(move([], undefined, one)).toEqual({ kind: "first", to: one });
  });

  it("calls the same digest under another tag no move", () => {
    const retagged = one.replace(":1@", ":other@");
    expect(move([], one, retagged).kind).toBe("none");
  });

  it("calls a version that was never left forward", () => {
    expect(move(history(...updatedOnce, gate(two, 2)), two, three)).toEqual({
      kind: "forward",
      from: two,
      to: three,
    });
  });

  it("goes back with code alone when the schema versions are those of the snapshot", () => {
    expect(move(history(...updatedOnce, gate(two, 1)), two, one)).toMatchObject({
      kind: "back",
      from: two,
      to: one,
    });
    expect(move(history(...updatedOnce, gate(two, 1)), two, one)).not.toHaveProperty("restore");
  });

  it("goes back with the matching snapshot when the new version moved the state", () => {
    expect(move(history(...updatedOnce, gate(two, 2)), two, one)).toMatchObject({
      kind: "back",
      restore: {
        snapshot: "aaaaaaaa",
        takenAt: "2026-04-25T05:01:00.000Z",
        reason: "state moved",
        moved: ["main.sqlite 1 -> 2"],
      },
    });
  });

  describe("after a rehearsal", () => {
    const proved = { proved: true, why: "it comes up" };
    const refused = { proved: false, why: "the old version does not come up on it: exit code 78" };

    it.each<[string, RehearsalEntry["wayBack"], number, number, string[] | undefined]>([
      ["takes code alone back from what the old version came up on", proved, 2, 2, undefined],
      ["takes the state along when it has moved beyond that", proved, 2, 3, ["main.sqlite 1 -> 3"]],
      ["takes code alone back when the new version moved nothing", proved, 2, 1, undefined],
      [
        "takes the state along when the old version refused a state in which nothing shows",
        refused,
        1,
        1,
        [`as its rehearsal showed: ${refused.why}`],
      ],
      [
        "takes the state along when the old version refused what has moved",
        refused,
        2,
        2,
        ["main.sqlite 1 -> 2"],
      ],
    ])("%s", (_what, wayBack, left, now, moved) => {
      const back = move(
        history(rehearsal(one, two, left, wayBack), ...updatedOnce, gate(two, now)),
        two,
        one,
      );
      expect("restore" in back ? back.restore?.moved : undefined).toEqual(moved);
      const byProof =
        moved === undefined && now !== 1 ? { time: expect.any(String), markers: markersAt(left) } : undefined;
      if (byProof !== undefined) expect(back).toMatchObject({ proved: byProof });
    });

    it("counts only what was rehearsed between these two, last, and passed", () => {
      const others = [rehearsal(three, two, 2, proved), rehearsal(one, three, 2, proved)];
      for (const records of [others, [rehearsal(one, two, 2, proved), failedRehearsal(one, two)]]) {
        const back = move(history(...records, ...updatedOnce, gate(two, 2)), two, one);
        expect(back).toMatchObject({ restore: { moved: ["main.sqlite 1 -> 2"] } });
      }
    });
  });

  it("restores when nothing was read after the new version started: it may have died in the middle of a migration", () => {
    expect(move(history(...updatedOnce), two, one)).toMatchObject({
      kind: "back",
      restore: { snapshot: "aaaaaaaa", moved: ["unknown: nothing was read after the new version started"] },
    });
  });

  it("counts a move seen by a later snapshot", () => {
    const records = history(...updatedOnce, gate(two, 1), snapshot("bbbbbbbb", two, 2, "hot"));
    expect(move(records, two, one)).toMatchObject({ kind: "back", restore: { snapshot: "aaaaaaaa" } });
  });

  it("knows from the records what a workload without container ran", () => {
    expect(move(history(...updatedOnce, gate(two, 2)), undefined, one)).toMatchObject({
      kind: "back",
      from: two,
    });
  });

  it("takes no pre-restore snapshot for a release", () => {
    const records = history(
      ...updatedOnce,
      gate(two, 2),
      snapshot("cccccccc", two, 2, "pre-restore"),
      cutOver(two, one, "cccccccc", "back"),
      gate(one, 1),
    );
    expect(releasesOf(records)).toEqual([]);
    expect(move(records, one, two)).toEqual({ kind: "forward", from: one, to: two });
  });

  it("goes back two releases at once, to the snapshot of the older one", () => {
    const records = history(
      ...updatedOnce,
      gate(two, 2),
      snapshot("bbbbbbbb", two, 2),
      cutOver(two, three, "bbbbbbbb", "forward"),
      gate(three, 3),
    );
    expect(releasesOf(records).map(({ image: each, snapshot: id }) => [each, id])).toEqual([
      [one, "aaaaaaaa"],
      [two, "bbbbbbbb"],
    ]);
    expect(move(records, three, one)).toMatchObject({ kind: "back", restore: { snapshot: "aaaaaaaa" } });
  });

  it("restores a snapshot that the configuration names, on the same image", () => {
    expect(move(history(...updatedOnce, gate(two, 2)), two, two, "aaaaaaaa")).toMatchObject({
      kind: "restore",
      restore: { snapshot: "aaaaaaaa", reason: "requested", takenAt: "2026-04-25T05:01:00.000Z" },
    });
  });
});

describe("currentMarkers", () => {
  it("does not take the old version's markers for the new one's", () => {
    expect(currentMarkers(history(...updatedOnce), two)).toBeUndefined();
    expect(currentMarkers(history(...updatedOnce, gate(two, 2)), two)).toEqual(markersAt(2));
  });

  it("knows nothing between a gate and the reading that follows it, and then what was read last", () => {
    const { markers: _, ...judged } = gate(two, 1) as GateEntry;
    const read = (version: number): EvidenceEntry => ({
      kind: "state",
      image: two,
      container: "c",
      markers: markersAt(version),
    });
    expect(currentMarkers(history(...updatedOnce, judged), two)).toBeUndefined();
    expect(currentMarkers(history(...updatedOnce, judged, read(1)), two)).toEqual(markersAt(1));
    expect(currentMarkers(history(...updatedOnce, judged, read(1), read(2)), two)).toEqual(markersAt(2));
  });
});
