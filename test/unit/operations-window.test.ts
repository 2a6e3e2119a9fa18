import { describe, expect, test } from "vitest";
import type { Track } from "../../config/track.ts";
import type { EvidenceEntry } from "../../lifecycle/evidence/records.ts";
import { type WindowFacts, windowProblems } from "../../lifecycle/update/window.ts";
import { recorder } from "../support/records.ts";

const [old, next] = [1, 2].map((n) => `registry.test/agent:${n}@sha256:${String(n).repeat(64)}`) as [
  string,
  string,
];
const now = new Date("2026-11-21T12:00:00.000Z");
const maintenance = { length: 3600, gapBetweenTracks: 12 * 3600 };

function workload(name: string, track: Track, move: WindowFacts["move"], changedAt?: string): WindowFacts {
  const cutOver: EvidenceEntry = {
    kind: "cut-over",
    from: old,
    to: next,
    direction: "forward",
    snapshot: "0123abcd",
    drained: { active: 0, seconds: 0, cut: 0 },
    stop: { seconds: 1, killed: false },
  };
  const records = changedAt === undefined ? [] : recorder({ workload: name, first: changedAt })(cutOver);
  return { config: { name, track } as WindowFacts["config"], move, hearsay: records };
}

const forward = { kind: "forward", from: old, to: next } as const;
const none = { kind: "none", to: old } as const;
const back = {
  kind: "back",
  from: next,
  to: old,
  release: { image: old, snapshot: "s", takenAt: "", markers: { databases: {} } },
} as const;

describe("a window", () => {
  test("lets its own track change, and nothing else is needed", () => {
    const workloads = [workload("claw", "control-plane", none), workload("a", "runtime", forward)];
    expect(windowProblems({ window: "runtime", maintenance }, workloads, now)).toEqual([]);
  });

  test("refuses the other track, workload by workload", () => {
    const workloads = [workload("claw", "control-plane", forward), workload("a", "runtime", forward)];
    expect(windowProblems({ window: "runtime", maintenance }, workloads, now)).toEqual([
      "claw would be updated to agent:2@222222222222, but clawforce:window is runtime. Set it to control-plane in a maintenance of its own, or take the change of claw back.",
    ]);
  });

  test("none lets nothing be updated", () => {
    expect(
      windowProblems({ window: "none", maintenance }, [workload("a", "runtime", forward)], now),
    ).toHaveLength(1);
  });

  test.each([
    ["going back", back],
    ["the first start", { kind: "first", to: next } as const],
  ])("of the other track does not keep %s", (_what, move) => {
    const workloads = [
      workload("claw", "control-plane", none, "2026-11-21T11:59:00.000Z"),
      workload("a", "runtime", move),
    ];
    expect(windowProblems({ window: "control-plane", maintenance }, workloads, now)).toEqual([]);
  });
});

describe("the gap between the tracks", () => {
  test("is kept by the time on record, whatever the configuration says now", () => {
    const workloads = [
      workload("claw", "control-plane", none, "2026-11-21T09:00:00.000Z"),
      workload("a", "runtime", forward),
    ];
    expect(windowProblems({ window: "runtime", maintenance }, workloads, now)).toEqual([
      "the fleet would be updated, but the control plane changed 3h ago (claw, 2026-11-21T09:00:00.000Z). clawforce:maintenance.gapBetweenTracks is 12h. Wait until 2026-11-21T21:00:00.000Z: then a fault has one suspect.",
    ]);
  });

  test("counts from the latest change of the whole other track", () => {
    const workloads = [
      workload("claw", "control-plane", forward),
      workload("a", "runtime", none, "2026-11-20T12:00:00.000Z"),
      workload("b", "runtime", none, "2026-11-21T11:00:00.000Z"),
    ];
    expect(windowProblems({ window: "control-plane", maintenance }, workloads, now)).toEqual([
      expect.stringContaining("the fleet changed 1h ago (b, 2026-11-21T11:00:00.000Z)"),
    ]);
  });

  test("is over when it is over", () => {
    const workloads = [
      workload("claw", "control-plane", none, "2026-11-21T00:00:00.000Z"),
      workload("a", "runtime", forward),
    ];
    expect(windowProblems({ window: "runtime", maintenance }, workloads, now)).toEqual([]);
  });
});
