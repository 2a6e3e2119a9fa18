import { describe, expect, test } from "vitest";
import { type Touchable, touchedBy } from "../../fleet/run-update.ts";
import type { EvidenceEntry } from "../../lifecycle/evidence/records.ts";
import { recorder } from "../support/records.ts";

const image = (version: number) => `registry/openclaw:${version}@sha256:${String(version).repeat(64)}`;
const [one, two] = [image(1), image(2)];
const began = "2026-11-21T12:00:00.000Z";
const update = { kind: "forward", from: one, to: two } as const;
const stays = { kind: "none", to: two } as const;
const running = {
  ...{ id: "old", image: one, state: "running" as const, serves: true },
};
const moved = { ...running, id: "new", image: two };
const journal = { phase: "removing" as const, from: one, move: update, since: began };

function verification(outcome: "passed" | "failed"): EvidenceEntry {
  const common = { image: two, container: "new", checks: [], checksHash: "0", seconds: 1 };
  return { kind: "verification", outcome, ...common };
}

function workload(rest: Partial<Touchable>): Touchable {
  const nothing = { journal: undefined, hold: undefined, records: [] };
  return { input: { name: "a" }, observed: running, move: update, ...nothing, ...rest };
}

describe("what a failed update leaves to take back", () => {
  test.each<[string, Partial<Touchable>, Partial<Touchable>, boolean]>([
    ["nothing where its preparation failed", {}, {}, false],
    ["nothing where its old container was put back", {}, { observed: { ...running, serves: false } }, false],
    ["a workload that was moved", {}, { observed: moved, move: stays }, true],
    ["one that is gone", {}, { observed: undefined }, true],
    ["one that was stopped", {}, { observed: { ...running, state: "exited" } }, true],
    ["one whose cut-over was interrupted", {}, { journal }, true],
    ["one whose requests are held", {}, { hold: { since: began, until: began, why: "cut-over" } }, true],
    [
      "one that an earlier run has moved and that fails its verification now",
      { observed: moved, move: stays },
      { observed: moved, move: stays, records: recorder({ first: began })(verification("failed")) },
      true,
    ],
    [
      "nothing where a verification failed before",
      { observed: moved, move: stays },
      {
        observed: moved,
        move: stays,
        records: recorder({ first: "2026-11-20T12:00:00.000Z" })(verification("failed")),
      },
      false,
    ],
    [
      "nothing where another one that was not to move has died",
      { move: { kind: "none", to: one } },
      { observed: undefined },
      false,
    ],
  ])("%s", (_, before, after, touched) => {
    const found = touchedBy([workload(before)], [workload(after)], began);
    expect(found.map(({ input }) => input.name)).toEqual(touched ? ["a"] : []);
  });
});
