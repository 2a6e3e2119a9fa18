import { describe, expect, test } from "vitest";
import type { Check } from "../../config/check-schema.ts";
import { fingerprint } from "../../config/fingerprint.ts";
import type { EvidenceEntry } from "../../evidence/records.ts";
import { judgeTraffic, needsBake } from "../../operations/bake.ts";
import { requestsIn } from "../../operations/ingress/request-log.ts";
import { recorder } from "../support/records.ts";

const [old, next] = [1, 2].map((n) => `registry.test/agent:${n}@sha256:${String(n).repeat(64)}`) as [
  string,
  string,
];
const verification: Check[] = [
  { kind: "http", path: "/", status: 200, body: { a: 1 }, severity: "critical", deadline: 1, interval: 1 },
];

const history = recorder({ workload: "a" });

function cutOver(direction: "forward" | "back" | "same", from: string, to: string): EvidenceEntry {
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
    const bake = { length: 1, interval: 1, requests: 0 };
    expect(needsBake(history(...entries), observed, { name: "a", verification }, bake)).toBe(needed);
  });

  test.each([
    ["passes with enough requests", { served: 10, failed: 0 }, 10, "passed", "30m, 9 rounds"],
    ["fails with one failed request", { served: 99, failed: 1 }, 10, "failed", "1 of 100 requests failed"],
    [
      "comes to no result in silence",
      { served: 9, failed: 0 },
      10,
      "inconclusive",
      "9 requests came, 10 are needed to judge it",
    ],
    [
      "comes to no result without an ingress that counts",
      undefined,
      1,
      "inconclusive",
      "it has no ingress that counts requests, 1 are needed to judge it",
    ],
    ["passes without an ingress when none is demanded", undefined, 0, "passed", "30m, 9 rounds"],
  ])("%s", (_what, requests, wanted, outcome, detail) => {
    expect(judgeTraffic("passed", "30m, 9 rounds", requests, { requests: wanted })).toEqual({
      outcome,
      detail,
    });
  });
});

test("requests are counted by service, status and time in the ingress's log", () => {
  const line = (service: string, status: number, time: string) =>
    JSON.stringify({ time, level: "INFO", msg: "Request", service, status });
  const log = [
    line("a", 200, "2026-11-21T12:00:01.000Z"),
    line("a", 404, "2026-11-21T12:00:02.123456789Z"),
    line("a", 502, "2026-11-21T12:00:03.000Z"),
    line("b", 200, "2026-11-21T12:00:03.000Z"),
    line("a", 200, "2026-11-21T11:59:59.000Z"),
    '{"msg":"Server started"}',
    "not JSON",
  ].join("\n");
  expect(requestsIn(log, "a", new Date("2026-11-21T12:00:00.000Z"))).toEqual({ served: 2, failed: 1 });
});
