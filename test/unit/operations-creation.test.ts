import { describe, expect, it, test } from "vitest";
import { type Move, moveOf, type RestorePlan } from "../../lifecycle/evidence/move.ts";
import type { CutOverEntry, EvidenceEntry, SnapshotEntry } from "../../lifecycle/evidence/records.ts";
import { restoreOf } from "../../lifecycle/evidence/restore-order.ts";
import { creationOf } from "../../lifecycle/update/creation.ts";
import { interruptedFacts } from "../../lifecycle/update/interrupted.ts";
import type { CutOverJournal, CutOverPhase } from "../../lifecycle/workdir/journal.ts";
import { recorder } from "../support/records.ts";

const image = (version: number) => `registry/openclaw:${version}@sha256:${String(version).repeat(64)}`;
const [one, two, three] = [image(1), image(2), image(3)];
const since = "2026-11-29T10:00:00.000Z";
const history = recorder();

function snapshot(id: string, of: string, version: number, role: SnapshotEntry["role"]): EvidenceEntry {
  const markers = { databases: { "main.sqlite": version } };
  return { kind: "snapshot", role, snapshot: id, image: of, files: 2, bytes: 10, seconds: 1, markers };
}

function cutOver(from: string, to: string, direction: CutOverEntry["direction"], id: string): CutOverEntry {
  const done = { drained: { active: 0, seconds: 0, cut: 0 }, stop: { seconds: 1, killed: false } };
  return { kind: "cut-over", from, to, direction, snapshot: id, ...done };
}

function gate(of: string, version: number): EvidenceEntry {
  const markers = { databases: { "main.sqlite": version } };
  return {
    ...{ kind: "gate", image: of, container: "c", outcome: "passed", checks: [], checksHash: "0" },
    markers,
  } as EvidenceEntry;
}

/** What is on record when the new container of an interrupted move is about to come, and what its journal says. */
interface Interrupted {
  records: EvidenceEntry[];
  journal: CutOverJournal;
}

const serving = [gate(one, 1)];
const updated = [
  ...serving,
  snapshot("c1", one, 1, "cold"),
  cutOver(one, two, "forward", "c1"),
  gate(two, 2),
];
const wayBack: RestorePlan = {
  snapshot: "c1",
  takenAt: since,
  reason: "state moved",
  moved: ["main.sqlite 1 -> 2"],
};

/** One to two, killed in `phase`. */
function forward(phase: CutOverPhase): Interrupted {
  const journal = { phase, from: one, move: { kind: "forward", from: one, to: two }, since } as const;
  const entry = cutOver(one, two, "forward", "c1");
  const taken = snapshot("c1", one, 1, "cold");
  switch (phase) {
    case "removing":
      return { records: [...serving, taken], journal: { ...journal, cutOver: entry } };
    case "creating":
      return { records: [...serving, taken, entry], journal: { ...journal, cutOver: entry } };
    default:
      return { records: serving, journal };
  }
}

/** From two back to one with its state, killed in `phase`. */
function back(phase: CutOverPhase): Interrupted {
  const release = {
    image: one,
    snapshot: "c1",
    takenAt: since,
    markers: { databases: { "main.sqlite": 1 } },
  };
  const move = { kind: "back", from: two, to: one, release, restore: wayBack } as const;
  return interrupted(
    phase,
    { phase, from: two, move, since },
    cutOver(two, one, "back", "p2"),
    "state moved",
  );
}

/** Two is set back to a snapshot that the operator named, killed in `phase`. */
function order(phase: CutOverPhase): Interrupted {
  const restore: RestorePlan = {
    snapshot: "h2",
    takenAt: since,
    reason: "requested",
    moved: [],
    order: "INC-h2",
  };
  const move = { kind: "restore", from: two, to: two, restore } as const;
  return interrupted(phase, { phase, from: two, move, since }, cutOver(two, two, "same", "p2"), "requested");
}

function interrupted(
  phase: CutOverPhase,
  journal: CutOverJournal,
  entry: CutOverEntry,
  reason: "state moved" | "requested",
): Interrupted {
  const taken = snapshot("p2", two, 2, "pre-restore");
  const named = "restore" in journal.move ? (journal.move.restore?.snapshot ?? "") : "";
  const restored: EvidenceEntry = {
    ...{ kind: "restore", snapshot: named, image: entry.to, reason, seconds: 1 },
    ...(reason === "requested" && { order: `INC-${named}` }),
  };
  const before = [...updated, snapshot("h2", two, 2, "hot")];
  switch (phase) {
    case "removing":
      return { records: [...before, taken], journal: { ...journal, cutOver: entry } };
    case "restoring":
      return { records: [...before, taken, entry], journal: { ...journal, cutOver: entry } };
    case "creating":
      return { records: [...before, taken, entry, restored], journal };
    default:
      return { records: before, journal };
  }
}

/** What the next run does: its move, then what it settles, leaves and restores, in one line. */
function next(begun: Interrupted, wanted: string, requested?: string): string {
  const records = history(...begun.records);
  const facts = interruptedFacts(begun.journal, records);
  const order = requested === undefined ? undefined : { snapshot: requested, order: `INC-${requested}` };
  const move = moveOf({ ...facts, wanted, requested: restoreOf(order, facts.records) });
  const { settle, leaves, restore } = creationOf(begun.journal, move, records);
  const said = [
    settle.record && `record ${settle.record.direction} ${settle.record.snapshot}`,
    settle.restore && `finish ${settle.restore.snapshot}`,
    leaves && ("take" in leaves ? `take ${leaves.take}` : leavesText(leaves.cutOver)),
    restore && `restore ${restore.snapshot}`,
  ].filter((each) => each !== undefined);
  return [move.kind, ...said].join(", ");
}

function leavesText({ direction, from, to, snapshot: id }: CutOverEntry): string {
  const version = (reference: string) => /:(\d)@/.exec(reference)?.[1];
  return `${direction} ${version(from)}>${version(to)} by ${id}`;
}

const early = ["draining", "stopping", "snapshotting"] as const;

describe("after a kill in an update from one to two, whose container is gone", () => {
  test.each([
    ...early.flatMap((phase) => [
      [phase, "the same update", two, undefined, "forward, take cold"] as const,
      [phase, "back to one", one, undefined, "none"] as const,
      [phase, "a third image", three, undefined, "forward, take cold"] as const,
    ]),
    ["removing", "the same update", two, undefined, "forward, forward 1>2 by c1"],
    ["removing", "back to one", one, undefined, "none, same 1>1 by c1"],
    ["removing", "a third image", three, undefined, "forward, forward 1>3 by c1"],
    ["removing", "a restore on one", one, "c1", "restore, same 1>1 by c1, restore c1"],
    ["creating", "the same update", two, undefined, "none"],
    // The container of two may have been started: its state goes back too.
    ["creating", "back to one", one, undefined, "back, take pre-restore, restore c1"],
    ["creating", "a third image", three, undefined, "forward, take cold"],
    ["creating", "a restore on two", two, "c1", "restore, take pre-restore, restore c1"],
  ] as const)("at %s, %s: %5$s", (phase, _, wanted, requested, expected) => {
    expect(next(forward(phase), wanted, requested)).toBe(expected);
  });
});

describe("after a kill on the way back from two to one, whose container is gone", () => {
  test.each([
    ...early.flatMap((phase) => [
      [phase, "the same way back", one, "back, take pre-restore, restore c1"] as const,
      [phase, "two after all", two, "none"] as const,
      [phase, "a third image", three, "forward, take cold"] as const,
    ]),
    ["removing", "the same way back", one, "back, back 2>1 by p2, restore c1"],
    ["removing", "two after all", two, "none, same 2>2 by p2"],
    // A pre-restore snapshot is kept as it is, damaged or not: no release is left by it.
    ["removing", "a third image", three, "forward, take cold"],
    ["restoring", "the same way back", one, "none, finish c1"],
    ["restoring", "two after all", two, "forward, finish c1, take cold"],
    ["restoring", "a third image", three, "forward, finish c1, take cold"],
    ["creating", "the same way back", one, "none"],
    ["creating", "two after all", two, "forward, take cold"],
    ["creating", "a third image", three, "forward, take cold"],
  ] as const)("at %s, %s: %4$s", (phase, _, wanted, expected) => {
    expect(next(back(phase), wanted)).toBe(expected);
  });
});

describe("after a kill in a restore that was asked for, whose container is gone", () => {
  test.each([
    ...early.map(
      (phase) => [phase, "the same request", two, "h2", "restore, take pre-restore, restore h2"] as const,
    ),
    ["removing", "the same request", two, "h2", "restore, same 2>2 by p2, restore h2"],
    ["removing", "no request any more", two, undefined, "none, same 2>2 by p2"],
    ["removing", "back to one", one, undefined, "back, back 2>1 by p2, restore c1"],
    ["restoring", "the same request", two, "h2", "none, finish h2"],
    ["restoring", "no request any more", two, undefined, "none, finish h2"],
    ["restoring", "another request", two, "c1", "restore, finish h2, take pre-restore, restore c1"],
    ["restoring", "back to one", one, undefined, "back, finish h2, take pre-restore, restore c1"],
    ["creating", "the same request", two, "h2", "none"],
    ["creating", "another request", two, "c1", "restore, take pre-restore, restore c1"],
    ["creating", "back to one", one, undefined, "back, take pre-restore, restore c1"],
    ["creating", "a third image", three, undefined, "forward, take cold"],
  ] as const)("at %s, %s: %5$s", (phase, _, wanted, requested, expected) => {
    expect(next(order(phase), wanted, requested)).toBe(expected);
  });
});

describe("after a kill between the journal and the record of a cut-over", () => {
  const begun = back("restoring");
  const unrecorded = { ...begun, records: begun.records.slice(0, -1) };

  it("puts it on record and finishes the restore, and does not take the way back for an update", () => {
    expect(next(unrecorded, one)).toBe("none, record back p2, finish c1");
    expect(next(unrecorded, three)).toBe("forward, record back p2, finish c1, take cold");
  });

  it("knows the release that was left by an update", () => {
    const { journal, records } = forward("creating");
    expect(next({ journal, records: records.slice(0, -1) }, one)).toBe(
      "back, record forward c1, take pre-restore, restore c1",
    );
  });
});

describe("after a kill in a change of the settings of one, whose container is gone", () => {
  const changes = ["environment.A changes"];
  const move = (back: boolean): Move => ({ kind: "change", from: one, to: one, changes, back });
  const taken = snapshot("c1", one, 1, "cold");
  const entry: CutOverEntry = { ...cutOver(one, one, "change", "c1"), changes };
  const journal = { from: one, move: move(false), cutOver: entry, since };
  const killed = (phase: CutOverPhase, wanted: Move, ...more: EvidenceEntry[]) =>
    creationOf({ ...journal, phase }, wanted, history(...serving, taken, ...more));

  it("goes on with its snapshot, or leaves it as a cut-over without a change", () => {
    expect(killed("removing", move(false)).leaves).toEqual({ cutOver: entry });
    expect(killed("removing", { kind: "none", to: one }).leaves).toEqual({
      cutOver: cutOver(one, one, "same", "c1"),
    });
  });

  it("takes another snapshot once the new container may have been started", () => {
    expect(killed("creating", move(false), entry).leaves).toEqual({ take: "cold" });
    expect(killed("creating", move(true), entry).leaves).toEqual({ take: "pre-restore" });
    expect(killed("creating", move(true)).settle).toEqual({ record: entry });
  });
});

describe("a container that is missing without an interrupted cut-over", () => {
  const missing = (wanted: string, records: EvidenceEntry[]) => {
    const all = history(...records);
    const move = moveOf({ ...interruptedFacts(undefined, all), wanted, requested: undefined });
    return creationOf(undefined, move, all);
  };

  it("is created on its state as it is", () => {
    expect(missing(one, serving)).toEqual({ settle: {}, leaves: undefined, restore: undefined });
  });

  it("leaves a snapshot when another image is wanted: without one there is no way back to its state", () => {
    expect(missing(two, serving).leaves).toEqual({ take: "cold" });
    expect(missing(one, updated)).toMatchObject({
      leaves: { take: "pre-restore" },
      restore: { snapshot: "c1" },
    });
  });
});
