import { describe, expect, it } from "vitest";
import { moveOf } from "../../lifecycle/evidence/move.ts";
import type { EvidenceEntry } from "../../lifecycle/evidence/records.ts";
import {
  isFromBefore,
  type Refusal,
  type RefusalFacts,
  refusalOf,
  refusalText,
  unjudgedSince,
} from "../../lifecycle/evidence/refusal.ts";
import { orderedMove } from "../../lifecycle/evidence/restore-order.ts";
import { recorder } from "../support/records.ts";

const image = (tag: string, digit: number) =>
  `registry.example.com/agent:${tag}@sha256:${String(digit).repeat(64)}`;
const [one, two, three] = [image("2026.4.15", 1), image("2026.4.23", 2), image("2026.6.11", 3)];
const [blue, green] = [image("blue", 4), image("green", 5)];

const markers = { databases: {} };
const gate = (of: string, outcome: "passed" | "failed" = "passed"): EvidenceEntry => ({
  ...{ kind: "gate", image: of, container: "c", outcome, checks: [], checksHash: "0", markers },
});
const cold = (of: string, snapshot: string): EvidenceEntry => ({
  ...{ kind: "snapshot", role: "cold", snapshot, image: of, files: 1, bytes: 1, seconds: 1, markers },
});
const cutOver = (
  from: string,
  to: string,
  snapshot: string,
  direction: "forward" | "back" = "forward",
): EvidenceEntry => ({
  ...{ kind: "cut-over", from, to, direction, snapshot, drained: { active: 0, seconds: 0, cut: 0 } },
  stop: { seconds: 1, killed: false },
});
const begun = (of: string, container?: string): EvidenceEntry => ({
  ...{ kind: "begun", image: of, ...(container !== undefined && { container, because: "lost" }) },
});
const repaired: EvidenceEntry = {
  ...{ kind: "repaired", file: "f", sha256: "0", what: "line 3 is no record", lost: 3, unproved: [] },
};

interface Case extends Partial<RefusalFacts> {
  entries?: readonly EvidenceEntry[];
  /** Id of the snapshot that is ordered. */
  ordered?: string;
}

function refusal(facts: Case): Refusal | undefined {
  const { entries = [], ordered, running, wanted, ...rest } = { running: two, wanted: two, ...facts };
  const records = recorder()(...entries);
  const order = ordered === undefined ? undefined : { snapshot: ordered, order: "INC-1" };
  const { move } = orderedMove({ running, wanted, records }, order, running !== undefined);
  const place = { stack: "prod", name: "support-1", file: "/e/prod/support-1/records.jsonl" };
  const known = { running, wanted, records, known: records, move, isOrdered: order !== undefined };
  return refusalOf({ ...place, ...known, isOurs: true, damaged: undefined, ...rest });
}

describe("a workload", () => {
  it.each<[string, Case]>([
    ["starts for the first time", { running: undefined, isOurs: false, wanted: one }],
    ["takes the place of a container that is not ours", { isOurs: false, wanted: three }],
    ["goes forward", { entries: [gate(two)], wanted: three }],
    ["stays on what it runs", { entries: [gate(two)] }],
    [
      "goes back to a release on record",
      { entries: [gate(one), cold(one, "aaaaaaaa"), cutOver(one, two, "aaaaaaaa"), gate(two)], wanted: one },
    ],
    [
      "goes to a candidate once more that it has gone back from",
      {
        entries: [
          gate(one),
          cold(one, "a"),
          cutOver(one, two, "a"),
          gate(two),
          cutOver(two, one, "b", "back"),
        ],
        ...{ running: one, wanted: two },
      },
    ],
    ["goes back with a snapshot that is named", { entries: [gate(two)], wanted: one, ordered: "aaaaaaaa" }],
    ["goes between versions that can't be compared", { entries: [gate(blue)], running: blue, wanted: green }],
    ["has never come through its first gate", { entries: [begun(two), gate(two, "failed")], wanted: one }],
    ["goes forward from where its records begin anew", { entries: [begun(two, "c")], wanted: three }],
    ["goes forward after a repair", { entries: [gate(two), repaired], wanted: three }],
  ])("may move when it %s", (_, facts) => {
    expect(refusal(facts)).toBeUndefined();
  });

  it.each<[string, Refusal["kind"], Case]>([
    ["runs and has no records", "lost records", {}],
    ["runs, has no records and is to go forward", "lost records", { wanted: three }],
    [
      "is to go to a lower version that no record knows",
      "unknown way back",
      { entries: [gate(two)], wanted: one },
    ],
    [
      "is to go back from where its records begin anew",
      "unknown way back",
      { entries: [begun(two, "c")], wanted: one },
    ],
    ["is taken over with a lower version than it runs", "unknown way back", { isOurs: false, wanted: one }],
    [
      "has lost in a repair how it came to what it runs, and is to run what ran before",
      "unknown way back",
      { entries: [gate(blue), repaired], running: green, wanted: blue },
    ],
    ["runs without records and its state is ordered back", "lost records", { ordered: "aaaaaaaa" }],
    [
      "has damaged records",
      "damaged records",
      { damaged: { what: "f:2: the line is no record", remedy: "Put it back." }, wanted: three },
    ],
  ])("stays as it is when it %s", (_, kind, facts) => {
    expect(refusal(facts)?.kind).toBe(kind);
  });

  it("says what is missing, where, and how to go on", () => {
    const lost = refusal({ wanted: one });
    expect(lost && refusalText("support-1", lost)).toBe(
      "support-1: refused: its records are missing: this stack has made its container, and there is nothing in /e/prod/support-1/records.jsonl. " +
        "It stays as it is. Put the folder back from its copy to where clawforce:evidence.directory says. If there is no copy: " +
        '`fleet evidence begin --stack prod --workload support-1 --because "…"`.',
    );
    const ordered = refusal({ ordered: "aaaaaaaa" });
    expect(ordered && refusalText("support-1", ordered)).toMatch(
      /^support-1: refused: its records are missing/,
    );
    const resting = refusal({});
    expect(resting && refusalText("support-1", resting)).toMatch(/^support-1: its records are missing: /);
  });

  it("goes back with its state when the markers of what it runs may be among the lines that a repair has lost", () => {
    const entries = [gate(one), cold(one, "aaaaaaaa"), cutOver(one, two, "aaaaaaaa"), gate(two), repaired];
    const move = moveOf({ running: two, wanted: one, records: recorder()(...entries), requested: undefined });
    expect(move).toMatchObject({ kind: "back", restore: { snapshot: "aaaaaaaa" } });
  });
});

describe("records that began anew", () => {
  const moved = cutOver(two, three, "aaaaaaaa");
  it.each<[{ before: boolean; unjudged: boolean }, readonly EvidenceEntry[]]>([
    [{ before: false, unjudged: false }, []],
    [{ before: false, unjudged: false }, [begun(two), gate(two)]],
    [{ before: true, unjudged: true }, [begun(two, "c")]],
    [{ before: true, unjudged: true }, [gate(two), moved, repaired]],
    [{ before: true, unjudged: false }, [gate(two), repaired, gate(two)]],
    [{ before: false, unjudged: true }, [begun(two, "c"), moved]],
    [{ before: false, unjudged: false }, [begun(two, "c"), moved, gate(three)]],
  ])("can't tell what the container was made for: %o (%#)", (expected, entries) => {
    const records = recorder()(...entries);
    expect({ before: isFromBefore(records), unjudged: unjudgedSince(records) !== undefined }).toEqual(
      expected,
    );
  });
});
