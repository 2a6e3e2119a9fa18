import { describe, expect, test } from "vitest";
import { canaryVerdict, type Demand, type Witness, witnessVerdict } from "../../lifecycle/evidence/canary.ts";
import type { CheckResult, EvidenceEntry, Outcome, ReadRecord } from "../../lifecycle/evidence/records.ts";

const wanted = `repo/agent:2@sha256:${"b".repeat(64)}`;
const other = `repo/agent:3@sha256:${"c".repeat(64)}`;
const now = new Date("2026-11-21T12:00:00.000Z");
const markers = { databases: {} };

/** A record a minute, the last one a minute ago. */
function records(...entries: (EvidenceEntry & { signedBy?: string })[]): ReadRecord[] {
  return entries.map((entry, index) => ({
    ...entry,
    stack: "s",
    workload: "canary",
    sequence: index + 1,
    time: new Date(now.getTime() - (entries.length - index) * 60_000).toISOString(),
    previous: "0".repeat(64),
  }));
}

interface Of {
  image?: string;
  container?: string;
  outcome?: Outcome;
  checksHash?: string;
  signedBy?: string;
}

const judged = {
  image: wanted,
  container: "one",
  outcome: "passed" as const,
  checks: [] as CheckResult[],
  checksHash: "checks",
};

function gate(of: Of = {}): EvidenceEntry {
  return { kind: "gate", ...judged, markers, ...of };
}

function verification(of: Of = {}): EvidenceEntry {
  return { kind: "verification", ...judged, seconds: 1, ...of };
}

function bake(of: Of & { seconds?: number; served?: number } = {}): EvidenceEntry {
  const { served = 0, seconds = 1800, ...rest } = of;
  return {
    kind: "bake",
    ...judged,
    detail: "",
    seconds,
    rounds: 3,
    requests: { served, failed: 0 },
    ...rest,
  };
}

function witness(of: Partial<Witness> = {}): Witness {
  return {
    name: "canary",
    records: records(gate(), verification()),
    observed: { id: "one", image: wanted },
    checks: "checks",
    ...of,
  };
}

/** How an update has brought the image here. */
const cutOver: EvidenceEntry = {
  kind: "cut-over",
  from: other,
  to: wanted,
  direction: "forward",
  snapshot: "a",
  drained: { active: 0, seconds: 0, cut: 0 },
  stop: { seconds: 1, killed: false },
};

const half = { length: 1800, requests: 0 };

describe("a workload has proved an image", () => {
  test.each<[string, Partial<Witness>, Partial<Demand>]>([
    ["when the container that runs has passed its verification on it", {}, {}],
    [
      "when it has passed again after a failure",
      { records: records(verification(), verification({ outcome: "failed" }), verification()) },
      {},
    ],
    [
      "under another tag of the same digest",
      { observed: { id: "one", image: `other/name@sha256:${"b".repeat(64)}` } },
      {},
    ],
    [
      "when it was verified and has baked as long as it must",
      { records: records(cutOver, verification(), bake()) },
      { bake: half },
    ],
    [
      "when it was verified again after it had baked",
      { records: records(cutOver, verification(), bake(), verification()) },
      { bake: half },
    ],
    [
      "when it has baked again after a bake that failed",
      { records: records(cutOver, verification(), bake({ outcome: "failed" }), bake()) },
      { bake: half },
    ],
    [
      "without a bake when it was started on it and never updated to it",
      { records: records(gate(), verification()) },
      { bake: half },
    ],
    [
      "when enough requests came while it baked",
      { records: records(cutOver, verification(), bake({ served: 50 })) },
      { bake: { length: 1800, requests: 50 } },
    ],
    [
      "by a record of old, where no hash of the checks is asked for",
      { checks: undefined, records: records(verification({ checksHash: "" })) },
      {},
    ],
    ["within the time that a pass counts", {}, { longestAge: 60 }],
    [
      "by a signed record, where only those count",
      { records: records({ ...verification(), signedBy: "key" }) },
      { onlySigned: true },
    ],
  ])("%s", (_, of, demand) => {
    expect(witnessVerdict(witness(of), { image: wanted, ...demand }, now).state).toBe("passed");
  });
});

describe("a workload has not proved an image", () => {
  test.each<[string, string, Partial<Witness>, Partial<Demand>, string]>([
    [
      "missing",
      "when nothing runs",
      { observed: undefined },
      {},
      "canary has no container: nothing proves the image.",
    ],
    [
      "missing",
      "when the digest was swapped after the pass",
      {},
      { image: other },
      `canary does not run this image: it runs ${wanted}.`,
    ],
    [
      "missing",
      "when another digest has passed",
      { records: records(verification({ image: other })) },
      {},
      "canary has no verification on record of the container that runs now: run `pulumi up`.",
    ],
    [
      "missing",
      "when the container was recreated after the pass",
      { observed: { id: "two", image: wanted } },
      {},
      "canary has no verification on record of the container that runs now: run `pulumi up`.",
    ],
    [
      "missing",
      "by the records of another instance",
      { records: records(gate({ container: "its own" }), verification({ container: "its own" })) },
      {},
      "canary has no verification on record of the container that runs now: run `pulumi up`.",
    ],
    [
      "missing",
      "by its gate alone",
      { records: records(gate()) },
      {},
      "canary has no verification on record of the container that runs now: run `pulumi up`.",
    ],
    [
      "missing",
      "when the checks were edited after the pass",
      { checks: "others" },
      {},
      "canary was verified by other checks than the configuration has now, or nobody has signed the record: `pulumi up` verifies it again.",
    ],
    [
      "missing",
      "by a record that nobody has signed, where only signed ones count",
      {},
      { onlySigned: true },
      "canary was verified by other checks than the configuration has now, or nobody has signed the record: `pulumi up` verifies it again.",
    ],
    [
      "failed",
      "when a later verification failed",
      { records: records(verification(), verification({ outcome: "failed" })) },
      {},
      "canary did not pass: its verification was failed at 2026-11-21T11:59:00.000Z.",
    ],
    [
      "failed",
      "when a later gate failed",
      { records: records(verification(), gate({ outcome: "failed" })) },
      {},
      "canary did not pass: its gate was failed at 2026-11-21T11:59:00.000Z.",
    ],
    [
      "failed",
      "when a later verification came to no result",
      { records: records(verification(), verification({ outcome: "inconclusive" })) },
      {},
      "canary did not pass: its verification was inconclusive at 2026-11-21T11:59:00.000Z.",
    ],
    [
      "failed",
      "when it failed while it baked",
      { records: records(cutOver, verification(), bake({ outcome: "failed" })) },
      { bake: half },
      "canary did not pass: its bake was failed at 2026-11-21T11:59:00.000Z.",
    ],
    [
      "failed",
      "when a failure by other checks came after the pass",
      { records: records(verification(), verification({ outcome: "failed", checksHash: "others" })) },
      {},
      "canary did not pass: its verification was failed at 2026-11-21T11:59:00.000Z.",
    ],
    [
      "failed",
      "when an unsigned failure follows a signed pass",
      { records: records({ ...verification(), signedBy: "key" }, gate({ outcome: "failed" })) },
      { onlySigned: true },
      "canary did not pass: its gate was failed at 2026-11-21T11:59:00.000Z.",
    ],
    [
      "baking",
      "before it has baked",
      { records: records(cutOver, verification()) },
      { bake: half },
      "canary has passed at 2026-11-21T11:59:00.000Z and has not yet baked for 30m.",
    ],
    [
      "baking",
      "when it has baked for too short a time",
      { records: records(cutOver, verification(), bake({ seconds: 1799 })) },
      { bake: half },
      "canary has passed at 2026-11-21T11:58:00.000Z and has not yet baked for 30m.",
    ],
    [
      "baking",
      "when it has baked by other checks",
      { records: records(cutOver, verification(), bake({ checksHash: "others" })) },
      { bake: half },
      "canary has passed at 2026-11-21T11:58:00.000Z and has not yet baked for 30m.",
    ],
    [
      "baking",
      "when too few requests came",
      { records: records(cutOver, verification(), bake({ served: 49 })) },
      { bake: { length: 1800, requests: 50 } },
      "canary has passed at 2026-11-21T11:58:00.000Z and has not yet baked for 30m with 50 requests.",
    ],
    [
      "baking",
      "by a bake from before a failure, though it was verified again",
      { records: records(cutOver, verification(), bake(), gate({ outcome: "failed" }), verification()) },
      { bake: half },
      "canary has passed at 2026-11-21T11:59:00.000Z and has not yet baked for 30m.",
    ],
    [
      "stale",
      "when the pass is older than allowed",
      {},
      { longestAge: 59 },
      "canary has passed 1m ago (2026-11-21T11:59:00.000Z), longer than 59s: verify it again.",
    ],
    [
      "missing",
      "by a pass that is dated ahead of now",
      { records: records(verification()).map((record) => ({ ...record, time: "2026-11-21T12:30:00.000Z" })) },
      {},
      "canary has a pass on record that is dated ahead of now (2026-11-21T12:30:00.000Z): it counts for nothing.",
    ],
  ])("%s: %s", (state, _, of, demand, sentence) => {
    expect(witnessVerdict(witness(of), { image: wanted, ...demand }, now)).toEqual({ state, sentence });
  });
});

describe("several workloads", () => {
  const states: [string, Partial<Witness>][] = [
    ["failed", { records: records(verification({ outcome: "failed" })) }],
    ["missing", { records: [] }],
    ["passed", {}],
  ];

  test("are as far as the one that is farthest from it, whatever their order", () => {
    const witnesses = states.map(([name, of]) => witness({ ...of, name }));
    for (const order of [witnesses, witnesses.toReversed()]) {
      expect(canaryVerdict(order, { image: wanted }, now)).toMatchObject({
        state: "failed",
        sentence: expect.stringMatching(/^failed did not pass/),
      });
    }
    expect(canaryVerdict(witnesses.slice(1), { image: wanted }, now).state).toBe("missing");
  });

  test("that are none have proved nothing", () => {
    expect(canaryVerdict([], { image: wanted }, now).state).toBe("missing");
  });
});
