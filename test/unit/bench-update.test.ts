import { describe, expect, test } from "vitest";
import { lifeOfContainer } from "../../bench/sites/docker.ts";
import { lifeOfPod } from "../../bench/sites/kubernetes.ts";
import { beyond, figuresText, judged, partsOf, type Updated } from "../../bench/update-figures.ts";
import { recordedMoves } from "../../fleet/recorded-moves.ts";
import type { EvidenceEntry, EvidenceRecord } from "../../lifecycle/evidence/records.ts";

const begin = Date.parse("2026-11-21T12:00:00.000Z");
const image = `repo/openclaw:2@sha256:${"b".repeat(64)}`;
const snapshot = { snapshot: "aaaaaaaa", image, files: 1, bytes: 1, markers: { databases: {} } };
const check = { name: "http", severity: "critical", outcome: "passed", detail: "", attempts: 1 } as const;

/** Held at 10 s, drained until 13 s, stopped at 15 s, copied until 18 s, checked from 24 to 25 s, opened at 26 s. */
const update: [number, EvidenceEntry][] = [
  [18, { kind: "snapshot", role: "cold", ...snapshot, seconds: 3 }],
  [
    19,
    {
      ...{ kind: "cut-over", from: image, to: image, direction: "forward", snapshot: "aaaaaaaa" },
      ...{ drained: { active: 0, seconds: 2, cut: 0 }, stop: { seconds: 2, killed: false } },
    },
  ],
  [
    25,
    {
      ...{ kind: "gate", image, container: "two", outcome: "passed", checksHash: "x" },
      checks: [{ ...check, seconds: 1 }],
    },
  ],
  [26, { kind: "ingress", did: "opened", seconds: 16 }],
  [
    30,
    {
      kind: "verification",
      image,
      container: "two",
      outcome: "passed",
      checks: [],
      checksHash: "x",
      seconds: 4,
    },
  ],
];

function moveOf(timed: readonly [number, EvidenceEntry][]) {
  const records = timed.map(
    ([at, entry], index): EvidenceRecord => ({
      ...{ ...entry, stack: "s", workload: "w", sequence: index + 1, previous: "0".repeat(64) },
      time: new Date(begin + at * 1000).toISOString(),
    }),
  );
  return recordedMoves(records)[0] ?? expect.fail("there is no move");
}

const life = { told: begin + 13_000, gone: begin + 14_800, made: begin + 20_000, ready: begin + 22_500 };

function updated(change: Partial<Updated> = {}): Updated {
  return { sent: 100, failed: 0, silence: 16.2, ...partsOf(moveOf(update), life), ...change };
}

describe("the parts of a pause", () => {
  test("add up to it, with the stop and the start as another client has seen them", () => {
    const { pause, parts } = partsOf(moveOf(update), life);
    expect(pause).toBe(16);
    expect(parts).toEqual({
      ...{ hold: 1, drain: 2, stop: 1.8, "cold snapshot": 3, ready: 2.5, gate: 1, open: 1 },
      rest: expect.closeTo(3.7),
    });
    expect(beyond(updated())).toBeCloseTo(16 - 1.8 - 2.5 - 1);
  });

  test("are nothing where no requests were held", () => {
    const unheld = moveOf(update.filter(([, { kind }]) => kind !== "ingress"));
    expect(() => partsOf(unheld, life)).toThrow("no whole update with a hold is on record");
  });
});

describe("the goals of an update", () => {
  const replaced = [{ sent: 100, failed: 30, silence: 4, stop: 1, ready: 2 }];
  const figures = (...all: Updated[]) => ({ updated: all, replaced, client: "kubectl set image" });
  const long = { pause: 16 };
  const short = { pause: 8 };

  test("count each failed request, and the middle one of the pauses", () => {
    expect(judged(figures(updated(short)))).toEqual({ noneFailed: true, inTime: true });
    expect(judged(figures(updated(long)))).toEqual({ noneFailed: true, inTime: false });
    expect(judged(figures(updated(long), updated(short), updated(short)))).toMatchObject({ inTime: true });
    expect(judged(figures(updated(short), updated({ ...short, failed: 1 })))).toMatchObject({
      noneFailed: false,
    });
  });

  test("stand below both clients, each with its failed requests", () => {
    const text = figuresText(figures(updated(long)));
    expect(text).toMatch(/^pulumi up +0 of 100 +16\.2 s +16\.2 s$/m);
    expect(text).toMatch(/^kubectl set image +30 of 100 +4\.0 s +4\.0 s$/m);
    expect(text).toContain("goal: no request fails in an update: reached");
    expect(text).toContain("goal: a pause of stop + ready + gate + 5 s at most: missed, + 10.7 s");
  });
});

describe("a replacement, as another client shows it", () => {
  const lines = (...texts: string[]) => texts.map((text, at) => ({ text, at }));

  test("of a pod begins when it is told to end, and is over when the next one is ready", () => {
    const seen = ["old||True", "old|now|True", "old|now|False", "old|now|False"];
    const next = ["new||", "new||False", "new||True"];
    expect(lifeOfPod(lines(...seen, ...next))).toEqual({ told: 1, gone: 3, made: 4, ready: 6 });
    expect(lifeOfPod(lines(...seen, "new||False"))).toBeUndefined();
    expect(lifeOfPod(lines("old||True", "old||False"))).toBeUndefined();
  });

  test("of a container counts no health of the old one", () => {
    const old = ["health_status: healthy", "kill", "die", "stop", "destroy"];
    const next = ["create", "start", "exec_create: bash", "health_status: healthy"];
    expect(lifeOfContainer(lines(...old, ...next))).toEqual({ told: 1, gone: 2, made: 6, ready: 8 });
    expect(lifeOfContainer(lines(...old, "create", "start"))).toBeUndefined();
  });
});
