import { describe, expect, test } from "vitest";
import { fingerprint } from "../../config/fingerprint.ts";
import type { CutOverEntry, EvidenceEntry } from "../../lifecycle/evidence/records.ts";
import { judgeTraffic, type Traffic, updateBegan } from "../../lifecycle/ingress/traffic.ts";
import { checkSchema } from "../../lifecycle/stack-config.ts";
import { checksOfRound, needsBake } from "../../lifecycle/update/bake.ts";
import { requestOf } from "../../platforms/proxies/kamal/request-log.ts";
import { recorder } from "../support/records.ts";

const [old, next] = [1, 2].map((n) => `registry.test/agent:${n}@sha256:${String(n).repeat(64)}`) as [
  string,
  string,
];
const verification = [checkSchema.parse({ kind: "http", path: "/", body: { a: 1 }, deadline: "1s" })];

const history = recorder({ workload: "a" });

function cutOver(direction: CutOverEntry["direction"], from: string, to: string): EvidenceEntry {
  const drained = { active: 0, seconds: 0, cut: 0 };
  return {
    kind: "cut-over",
    from,
    to,
    direction,
    snapshot: "s",
    drained,
    stop: { seconds: 1, killed: false },
  };
}

function baked(
  container: string,
  outcome: "passed" | "failed",
  checksHash = fingerprint(verification),
  seconds = 1,
): EvidenceEntry {
  return { kind: "bake", image: next, container, outcome, detail: "", checksHash, seconds, rounds: 1 };
}

describe("a bake", () => {
  test.each<[string, EvidenceEntry[], boolean]>([
    ["is not for a first start", [], false],
    ["is for what an update brought forward", [cutOver("forward", old, next)], true],
    ["is not for going back", [cutOver("forward", next, old), cutOver("back", old, next)], false],
    ["is not for a container that was only made anew", [cutOver("same", next, next)], false],
    ["is done once", [cutOver("forward", old, next), baked("c", "passed")], false],
    ["is done again after it failed", [cutOver("forward", old, next), baked("c", "failed")], true],
    ["is done again for another container", [cutOver("forward", old, next), baked("b", "passed")], true],
    [
      "is done again when something has failed since",
      [cutOver("forward", old, next), baked("c", "passed"), baked("c", "failed")],
      true,
    ],
    [
      "is done again for a container that was made anew",
      [cutOver("forward", old, next), baked("b", "passed"), cutOver("same", next, next)],
      true,
    ],
    [
      "is done again when a longer one is wanted",
      [cutOver("forward", old, next), baked("c", "passed", undefined, 0.9)],
      true,
    ],
    ["is done again for other checks", [cutOver("forward", old, next), baked("c", "passed", "0")], true],
  ])("%s", (_what, entries, needed) => {
    const observed = { id: "c", image: next };
    const bake = { length: 1, interval: 1, requests: 0, failures: 0, errors: 0.05 };
    expect(needsBake(history(...entries), observed, { name: "a", verification }, bake)).toBe(needed);
  });
});

describe("the checks of a round", () => {
  const turn = checkSchema.parse({ kind: "conversation", every: "10m" });
  const checks = [...verification, turn];
  test.each([
    ["have a turn in the first one", undefined, false, true],
    ["have none right after it", 30, false, false],
    ["have one when it is due again", 600, false, true],
    ["have one in the last one", 30, true, true],
  ])("%s", (_what, sinceTurn, isLast, asked) => {
    expect(checksOfRound(checks, { sinceTurn, isLast })).toEqual(asked ? checks : verification);
  });
});

describe("the traffic of a bake", () => {
  const count = (served: number, failed = 0, errors = 0) => ({ served, failed, errors });
  const wanted = { requests: 10, failures: 0, errors: 0.05 };
  const well = { outcome: "passed", detail: "30m, 9 rounds" } as const;
  const judged = (traffic: Partial<Traffic> | undefined, change: Partial<typeof wanted> = {}) =>
    judgeTraffic(well, traffic && { now: count(100), before: count(100), whole: true, ...traffic }, {
      ...wanted,
      ...change,
    });

  test.each<[string, Partial<Traffic> | undefined, Partial<typeof wanted>, string, string]>([
    ["passes with enough requests", { now: count(10) }, {}, "passed", "30m, 9 rounds"],
    [
      "passes with the bad requests of one client",
      { now: count(50, 0, 2) },
      {},
      "passed",
      "30m, 9 rounds, 2 of 52 requests failed, no more than before or than is allowed",
    ],
    [
      "fails with one that the gateway did not answer",
      { now: count(99, 1) },
      {},
      "failed",
      "1 of 100 requests did not reach the gateway or had no answer (502, 503, 504), 0 of 100 before the update: more than `bake.failures` allows",
    ],
    [
      "passes with some that the gateway did not answer, where the operator says so",
      { now: count(99, 1) },
      { failures: 1 },
      "passed",
      "30m, 9 rounds, 1 of 100 requests failed, no more than before or than is allowed",
    ],
    [
      "passes with as many as before",
      { now: count(950, 55), before: count(95, 5) },
      {},
      "passed",
      "30m, 9 rounds, 55 of 1005 requests failed, no more than before or than is allowed",
    ],
    [
      "fails with a rise of errors",
      { now: count(80, 0, 20), before: count(99, 0, 1) },
      {},
      "failed",
      "20 of 100 requests were answered with an error, 1 of 100 before the update: more than `bake.errors` allows",
    ],
    [
      "fails with errors when nothing is known of before, and says that",
      { now: count(80, 0, 20), before: count(0) },
      {},
      "failed",
      "20 of 100 requests were answered with an error: more than `bake.errors` allows. No request from before the update is in the ingress's log",
    ],
    [
      "comes to no result in silence",
      { now: count(9) },
      {},
      "inconclusive",
      "9 requests came, 10 are needed to judge it",
    ],
    [
      "comes to no result without an ingress that counts",
      undefined,
      {},
      "inconclusive",
      "it has no ingress that counts requests, 10 are needed to judge it",
    ],
    [
      "passes without an ingress when none is demanded",
      undefined,
      { requests: 0 },
      "passed",
      "30m, 9 rounds",
    ],
  ])("%s", (_what, traffic, change, outcome, detail) => {
    expect(judged(traffic, change)).toEqual({ outcome, detail });
  });

  test("comes to no result when a part of the log was gone, unless what is left is bad enough", () => {
    expect(judged({ whole: false })).toMatchObject({ outcome: "inconclusive" });
    expect(judged({ whole: false }).detail).toContain("was rotated away before it was read");
    expect(judged({ whole: false, now: count(1, 9) })).toMatchObject({ outcome: "failed" });
  });

  test("is not asked for when the checks have failed", () => {
    const failed = { outcome: "failed", detail: "channels" } as const;
    const traffic = { now: count(0, 9), before: count(0), whole: false };
    expect(judgeTraffic(failed, traffic, wanted)).toBe(failed);
  });
});

test("the time before an update ends when its requests were held, or with the cut-over", () => {
  const held: EvidenceEntry = { kind: "ingress", did: "held", why: "", until: "" };
  const opened: EvidenceEntry = { kind: "ingress", did: "opened" };
  const timeOf = (...entries: EvidenceEntry[]) => {
    const records = history(...entries);
    const began = updateBegan(records)?.toISOString();
    return records.findIndex(({ time }) => new Date(time).toISOString() === began);
  };
  expect(timeOf()).toBe(-1);
  expect(timeOf(held, cutOver("forward", old, next), opened)).toBe(0);
  expect(timeOf(held, opened, cutOver("forward", old, next))).toBe(2);
  expect(timeOf(held, cutOver("forward", old, next), held, cutOver("same", next, next))).toBe(0);
  expect(timeOf(held, cutOver("forward", old, next), held, cutOver("change", next, next))).toBe(2);
});

test.each([
  [200, "served"],
  [404, "served"],
  [101, "served"],
  [500, "errors"],
  [501, "errors"],
  [502, "failed"],
  [503, "failed"],
  [504, "failed"],
  ["?", "failed"],
  [499, undefined],
])("a request with status %s counts as %s", (status, as) => {
  const line = JSON.stringify({ time: "", level: "INFO", msg: "Request", service: "a", status });
  expect(requestOf(line)).toEqual(as === undefined ? undefined : { service: "a", as });
});

test.each(['{"msg":"Server started"}', "not JSON", '"Request"', '{"msg":"Request","status":200}'])(
  "%s is no request",
  (line) => {
    expect(requestOf(line)).toBeUndefined();
  },
);
