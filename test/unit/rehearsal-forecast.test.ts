import { describe, expect, it } from "vitest";
import type { CutOverEntry, GateEntry, SnapshotEntry } from "../../lifecycle/evidence/records.ts";
import type { Forecast } from "../../lifecycle/evidence/rehearsal-parts.ts";
import type { StateSurvey } from "../../lifecycle/evidence/state-survey.ts";
import {
  coldPassEstimate,
  forecastOf,
  forecastText,
  isClose,
  patienceProblem,
} from "../../lifecycle/rehearsal/forecast.ts";
import type { Workload } from "../../lifecycle/workload.ts";
import { recorder } from "../support/records.ts";

const image = `registry/openclaw:1@sha256:${"1".repeat(64)}`;

function snapshot(role: SnapshotEntry["role"], seconds: number, files = 100, bytes = 1000): SnapshotEntry {
  return { kind: "snapshot", role, snapshot: "a", image, files, bytes, seconds, markers: { databases: {} } };
}

const records = (entries: SnapshotEntry[]) => recorder()(...entries);
const held = (hold: number) =>
  ({ ingress: { hold }, healthWait: 600 }) as Pick<Workload, "ingress" | "healthWait">;

function forecast(parts: Partial<Forecast>): Forecast {
  const all = { stop: 0, copy: 0, migration: 0, start: 0, gate: 0, ...parts };
  return { ...all, total: Object.values(all).reduce((sum, each) => sum + each, 0) };
}

describe("what a cold snapshot will take", () => {
  it.each<[string, SnapshotEntry[], SnapshotEntry, number]>([
    ["what the hot one took, where there was none", [snapshot("hot", 3)], snapshot("hot", 7), 7],
    ["what the last one took", [snapshot("cold", 9), snapshot("cold", 5)], snapshot("hot", 30), 5],
    [
      "what that of a way back took",
      [snapshot("cold", 9), snapshot("pre-restore", 4)],
      snapshot("hot", 1),
      4,
    ],
    ["more where there are more files", [snapshot("cold", 5)], snapshot("hot", 60, 400), 20],
    ["more where there are more bytes", [snapshot("cold", 5)], snapshot("hot", 60, 100, 3000), 15],
    ["no more than the hot one", [snapshot("cold", 5)], snapshot("hot", 12, 400), 12],
    ["no less than the last one", [snapshot("cold", 5)], snapshot("hot", 2, 400), 5],
    ["not less for a state that has become smaller", [snapshot("cold", 5)], snapshot("hot", 60, 1, 1), 5],
    [
      "what the hot one took, where the last one was of nothing",
      [snapshot("cold", 1, 0, 0)],
      snapshot("hot", 6),
      6,
    ],
  ])("is %s", (_what, before, hot, expected) => {
    expect(coldPassEstimate(records(before), hot)).toBe(expected);
  });
});

describe("a forecast", () => {
  it("has the copy that it is told, and knows stop and gate from the last cut-over", () => {
    const cutOver = (seconds: number): CutOverEntry => ({
      ...{ kind: "cut-over", from: image, to: image, direction: "forward", snapshot: "a" },
      ...{ drained: { active: 0, seconds: 0, cut: 0 }, stop: { seconds, killed: false } },
    });
    const gate = (outcome: GateEntry["outcome"], ...seconds: number[]): GateEntry => ({
      ...{ kind: "gate", image, container: "c", outcome, checksHash: "h" },
      checks: seconds.map((each) => ({
        ...{ name: "n", severity: "critical", outcome, detail: "", seconds: each, attempts: 1 },
      })),
    });
    const known = recorder()(
      ...[cutOver(9), cutOver(8), gate("passed", 1, 2), gate("failed", 30), snapshot("cold", 70)],
    );
    expect(forecastOf(known, { migration: 2, start: 3 }, 4)).toEqual(
      forecast({ stop: 8, copy: 4, migration: 2, start: 3, gate: 3 }),
    );
    expect(forecastOf([], { migration: 2, start: 3 }, 4)).toEqual(
      forecast({ copy: 4, migration: 2, start: 3 }),
    );
    expect(forecastOf([], { migration: 0 }, 0.25)).toMatchObject({ start: 0, copy: 0.25, total: 0.3 });
  });

  it.each([
    [29.9, false],
    [30, false],
    [30.1, true],
    [90, true],
  ])("of %s s is close to a hold of 60 s: %s", (total, expected) => {
    expect(isClose(held(60), { total })).toBe(expected);
    expect(isClose({}, { total })).toBe(false);
  });
});

it("is told with the parts that take a tenth of a second at least", () => {
  expect(forecastText(forecast({ stop: 0.1, copy: 4, gate: 0.04 }))).toBe(
    "a pause of about 4.1s: stop 100ms, copy 4s",
  );
});

describe("a pause that is longer than the hold", () => {
  const survey: StateSurvey = {
    ...{ entries: 400_713, bytes: 80e6, odd: [] },
    folders: [
      { path: "workspace/downloads", entries: 390_000, bytes: 78e6 },
      { path: "media", entries: 10_000, bytes: 1e6 },
    ],
  };

  it("is none where it is just as long, and where nothing holds", () => {
    expect(patienceProblem(held(60), forecast({ copy: 60 }), survey)).toBeUndefined();
    expect(patienceProblem({ healthWait: 600 }, forecast({ copy: 600 }), survey)).toBeUndefined();
  });

  it("names the largest folders and how many entries would fit, where the copy is most of it", () => {
    expect(patienceProblem(held(30), forecast({ stop: 10, copy: 50 }), survey)).toBe(
      "its requests would wait for 30s at most and then be answered with 503. The forecast is a pause of about 1m: stop 10s, copy 50s. " +
        "Most of it is the copy of 400713 entries, 80 MB; about 160000 entries would fit. " +
        "The largest folders are workspace/downloads (390000 entries, 78 MB), media (10000 entries, 1 MB). " +
        "Leave what may be lost out with clawforce:snapshots.exclude, remove it, or make clawforce:ingress.hold longer.",
    );
  });

  it("says of no number that it would fit where nothing would", () => {
    const problem = patienceProblem(held(10), forecast({ stop: 10, copy: 50 }), { ...survey, folders: [] });
    expect(problem).toContain("copy of 400713 entries, 80 MB. Leave what may be lost out");
  });

  it.each([
    ["something else takes half of it", forecast({ start: 50, copy: 50 }), survey],
    ["nothing is known of the state", forecast({ copy: 100 }), undefined],
  ])("speaks of the hold alone where %s", (_what, each, known) => {
    expect(patienceProblem(held(30), each, known)).toMatch(
      /\. Make clawforce:ingress\.hold longer, or update it when nobody asks\.$/,
    );
  });
});
