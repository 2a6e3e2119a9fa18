import { describe, expect, test } from "vitest";
import type { Move } from "../../lifecycle/evidence/move.ts";
import type { EvidenceEntry, Outcome } from "../../lifecycle/evidence/records.ts";
import { onlyGoesBack, putOffOf } from "../../lifecycle/update/put-off.ts";
import type { Situation } from "../../lifecycle/update/situation.ts";
import type { Observed } from "../../platforms/platform.ts";
import { recorder } from "../support/records.ts";

const image = (version: number) => `registry/openclaw:${version}@sha256:${String(version).repeat(64)}`;
const [one, two] = [image(1), image(2)];
const release = { image: one, snapshot: "c1", takenAt: "", markers: { databases: {} } };
const back: Move = { kind: "back", from: two, to: one, release };
const none: Move = { kind: "none", to: two };
const forward: Move = { kind: "forward", from: one, to: two };
const order: Move = {
  kind: "restore",
  from: one,
  to: one,
  restore: { snapshot: "c1", takenAt: "", reason: "requested", moved: [] },
};
const settings = (isBack: boolean): Move => ({
  ...{ kind: "change", from: two, to: two, changes: ["port changes"] },
  back: isBack,
});

test.each<[Move[], boolean]>([
  [[none, none], false],
  [[none, back], true],
  [[order, none], true],
  [[none, back, forward], false],
  [[none, settings(true)], true],
  [[back, settings(false)], false],
  [[{ kind: "first", to: one }, back], false],
])("an update only goes back when it brings nothing forward (%#)", (moves, expected) => {
  expect(onlyGoesBack(moves.map((move) => ({ move })))).toBe(expected);
});

function judged(kind: "gate" | "verification", outcome: Outcome, container = "c"): EvidenceEntry {
  const common = { image: two, container, outcome, checks: [], checksHash: "0" };
  return kind === "gate" ? { kind, ...common, markers: { databases: {} } } : { kind, ...common, seconds: 1 };
}

function workload(rest: Partial<Situation>, entries: EvidenceEntry[]): Situation {
  return {
    config: { bake: undefined },
    input: { name: "a", verification: [] },
    observed: { id: "c", image: two, state: "running", serves: true },
    records: recorder()(...entries),
    journal: undefined,
    move: none,
    ...rest,
  } as Situation;
}

const passed = [judged("gate", "passed"), judged("verification", "passed")];
const unhealthy = { id: "c", image: two, state: "running", serves: false } satisfies Observed;
const repaired: EvidenceEntry = {
  ...{ kind: "repaired", file: "f", sha256: "0", what: "line 3 is no record", lost: 3, unproved: [] },
};
const since = "2026-11-29T10:00:00.000Z";

describe("what a way back leaves alone", () => {
  test.each<[string, Partial<Situation>, EvidenceEntry[], ReturnType<typeof putOffOf>]>([
    ["nothing of one that serves and has passed", {}, passed, undefined],
    ["nothing of one that it moves itself", { move: back, observed: unhealthy }, passed, undefined],
    ["nothing of one that it has to create", { observed: undefined }, passed, undefined],
    [
      "one whose records were repaired and that no gate has judged since",
      {},
      [...passed, repaired],
      {
        ...{ why: "has not passed its gate since its records began anew", bake: false },
        ...{ gate: true, verification: true },
      },
    ],
    [
      "one that is unhealthy, without touching what has passed",
      { observed: unhealthy },
      passed,
      { why: "is unhealthy", gate: false, verification: false, bake: false },
    ],
    [
      "the checks of one that has not passed its gate",
      {},
      [judged("gate", "failed")],
      { why: "has not passed its gate", gate: true, verification: true, bake: false },
    ],
    [
      "the verification of one that has not passed it",
      {},
      [judged("gate", "passed"), judged("verification", "inconclusive")],
      { why: "has not passed its verification", gate: false, verification: true, bake: false },
    ],
    [
      "nothing for what another container has failed",
      {},
      [judged("gate", "failed", "before"), ...passed],
      undefined,
    ],
    [
      "one whose cut-over was interrupted",
      { journal: { phase: "creating", from: one, move: forward, since } },
      [],
      {
        why: 'stands in a cut-over that was interrupted at "creating"',
        gate: true,
        verification: true,
        bake: false,
      },
    ],
    [
      "nothing of one that its own cut-over has stopped",
      {
        observed: { ...unhealthy, state: "exited" },
        journal: { phase: "snapshotting", from: two, move: forward, since },
      },
      passed,
      undefined,
    ],
    [
      "a bake that is still to come",
      { config: { bake: { length: 60, interval: 5, requests: 0 } } as Situation["config"] },
      [
        {
          ...{ kind: "cut-over", from: one, to: two, direction: "forward", snapshot: "c1" },
          ...{ drained: { active: 0, seconds: 0, cut: 0 }, stop: { seconds: 0, killed: false } },
        } as EvidenceEntry,
        ...passed,
      ],
      { why: "is still to bake", gate: false, verification: false, bake: true },
    ],
  ])("%s", (_, rest, entries, expected) => {
    expect(putOffOf(workload(rest, entries))).toEqual(expected);
  });
});
