import { describe, expect, test } from "vitest";
import { recordedMoves } from "../../fleet/recorded-moves.ts";
import { timelineSvg } from "../../fleet/timeline.ts";
import type { EvidenceEntry, EvidenceRecord } from "../../lifecycle/evidence/records.ts";

const old = `repo/openclaw:2026.4.15@sha256:${"a".repeat(64)}`;
const young = `repo/openclaw:2026.4.23@sha256:${"b".repeat(64)}`;
const begin = Date.parse("2026-11-21T12:00:00.000Z");

/** Seconds after the beginning -> what went on record then. */
function moves(...timed: [number, EvidenceEntry][]) {
  return recordedMoves(
    timed.map(
      ([at, entry], index): EvidenceRecord => ({
        ...entry,
        stack: "s",
        workload: "w",
        sequence: index + 1,
        time: new Date(begin + at * 1000).toISOString(),
        previous: "0".repeat(64),
      }),
    ),
  );
}

const markers = { databases: {} };
const judged = { image: young, container: "two", checksHash: "x" };
const gateCheck = {
  name: "http",
  severity: "critical",
  outcome: "passed",
  detail: "",
  seconds: 2,
  attempts: 1,
} as const;

function update(outcome: "passed" | "failed"): [number, EvidenceEntry][] {
  const snapshot = { snapshot: "aaaaaaaa", image: old, files: 1, bytes: 1, markers };
  return [
    [2, { kind: "snapshot", role: "hot", ...snapshot, seconds: 2 }],
    [10, { kind: "drill", snapshot: "aaaaaaaa", image: old, seconds: 8 }],
    [20, { kind: "snapshot", role: "cold", ...snapshot, seconds: 3 }],
    [
      21,
      {
        kind: "cut-over",
        from: old,
        to: young,
        direction: "forward",
        snapshot: "aaaaaaaa",
        drained: { active: 0, seconds: 1, cut: 0 },
        stop: { seconds: 2, killed: false },
      },
    ],
    [30, { kind: "gate", ...judged, outcome: "passed", checks: [gateCheck], markers }],
    [40, { kind: "verification", ...judged, outcome, checks: [], seconds: 10 }],
  ];
}

/** Class and title of each bar, in their order. */
function bars(svg: string): string[] {
  return [...svg.matchAll(/<rect class="([a-z]+)"[^>]*><title>([^<]*)<\/title><\/rect>/g)].map(
    ([, kind, title]) => `${kind}: ${title}`,
  );
}

describe("the timeline", () => {
  test("has a bar for each step with its times, and a frame around the pause", () => {
    const svg = timelineSvg("Update", [{ workload: "support-1", moves: moves(...update("passed")) }]);
    const to = "to openclaw:2026.4.23@bbbbbbbbbbbb";
    expect(bars(svg)).toEqual([
      `snapshot: support-1: hot snapshot 2s, 12:00:00.0Z to 12:00:02.0Z, ${to}`,
      `prepare: support-1: drill 8s, 12:00:02.0Z to 12:00:10.0Z, ${to}`,
      `drain: support-1: drain 1s, 12:00:14.0Z to 12:00:15.0Z, ${to}`,
      `stop: support-1: stop 2s, 12:00:15.0Z to 12:00:17.0Z, ${to}`,
      `snapshot: support-1: cold snapshot 3s, 12:00:17.0Z to 12:00:20.0Z, ${to}`,
      `start: support-1: start 7s, 12:00:21.0Z to 12:00:28.0Z, ${to}`,
      `gate: support-1: gate 2s, 12:00:28.0Z to 12:00:30.0Z, ${to}`,
      `verify: support-1: verification 10s, 12:00:30.0Z to 12:00:40.0Z, ${to}`,
      "pause: support-1 does not serve for 16s",
    ]);
  });

  test("shows what failed as failed, whatever its step", () => {
    const failure: [number, EvidenceEntry] = [
      50,
      { kind: "failure", step: "drain", message: "no", image: young },
    ];
    const failed = timelineSvg("Update", [
      { workload: "a", moves: moves(...update("failed")) },
      { workload: "b", moves: moves(...update("passed").slice(0, 2), failure) },
    ]);
    expect(bars(failed).filter((bar) => bar.startsWith("failed: "))).toEqual([
      "failed: a: verification failed 10s, 12:00:30.0Z to 12:00:40.0Z, to openclaw:2026.4.23@bbbbbbbbbbbb",
      "failed: b: drain failed at 12:00:50.0Z",
    ]);
  });

  test("has a row for each workload in their order, also for one that nothing happened to", () => {
    const svg = timelineSvg("Update", [
      { workload: "first", moves: moves(...update("passed")) },
      { workload: "second", moves: [] },
    ]);
    const rows = [...svg.matchAll(/<text x="16" y="(\d+)">([^<]+)</g)].map(([, y, name]) => [
      name,
      Number(y),
    ]);
    expect(rows).toEqual([
      ["first", 84],
      ["second", 114],
    ]);
  });

  test("keeps every bar inside, and none too short to be seen", () => {
    const svg = timelineSvg("Update", [{ workload: "a", moves: moves(...update("failed")) }]);
    const drawn = [
      ...svg.matchAll(/<rect class="[a-z]+" x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="16"/g),
    ];
    expect(drawn).toHaveLength(8);
    for (const [, x, width] of drawn) {
      expect(Number(width)).toBeGreaterThanOrEqual(2);
      expect(Number(x)).toBeGreaterThanOrEqual(180);
      expect(Number(x) + Number(width)).toBeLessThanOrEqual(960);
    }
  });

  test("is one well-formed picture, whatever stands in names and titles", () => {
    const svg = timelineSvg('<b> & "x"\u0007', [{ workload: "a<&>", moves: moves(...update("passed")) }]);
    expect(svg).toContain("&lt;b&gt; &amp; &quot;x&quot;\ufffd");
    expect(svg).not.toMatch(/&(?!(amp|lt|gt|quot);)/);
    expect(svg.match(/<svg /g)).toHaveLength(1);
    expect(svg).toContain("prefers-color-scheme: dark");
  });

  test("says so when nothing is on record", () => {
    expect(timelineSvg("Update", [{ workload: "a", moves: [] }])).toContain("Nothing is on record.");
  });
});
