import { describe, expect, test } from "vitest";
import { durationText, type ProofDemand, passedReleases, proofOf } from "../../policies/proof.ts";
import type { JudgedRecord } from "../../policies/signed-records.ts";
import { image } from "../policy/fleet-stack.ts";

const [a, b, c] = [image("a"), image("b"), image("c")];
const minute = 60_000;
const noon = Date.UTC(2026, 10, 20, 12);

/** A record as rules read it; a minute after the one before. */
function records(...parts: Partial<JudgedRecord>[]): JudgedRecord[] {
  return parts.map((part, index) => ({
    ...{ kind: "verification", stack: "prod", workload: "canary", sequence: index + 1, image: a, from: "" },
    ...{ time: noon + index * minute, at: `minute ${index}`, direction: "", container: "id", outcome: "" },
    ...{ checksHash: "hash", seconds: 0, served: 0, snapshot: "", settings: "", group: "" },
    trust: "signed" as const,
    ...part,
  }));
}

const passed = (of = a): Partial<JudgedRecord> => ({ image: of, outcome: "passed" });
const failed = (of = a): Partial<JudgedRecord> => ({ image: of, outcome: "failed" });
const moved = (from: string, to: string, direction: string): Partial<JudgedRecord> => ({
  ...{ kind: "cut-over", from, image: to, direction, container: "" },
});

describe("the releases that a workload has passed on", () => {
  const all = () => true;
  const of = (...parts: Partial<JudgedRecord>[]) => passedReleases(records(...parts), all);

  test("are those of its passes, each once, oldest first", () => {
    expect(of()).toEqual([]);
    expect(of(passed(a), passed(b), passed(b), passed(c))).toEqual([a, b, c]);
    expect(of(failed(a), { ...passed(b), outcome: "inconclusive" }, { ...passed(c), kind: "gate" })).toEqual(
      [],
    );
    expect(of({ ...passed(a), kind: "bake" })).toEqual([]);
  });

  test("end with the one that was gone back to", () => {
    expect(of(passed(a), passed(b), passed(c), moved(c, a, "back"))).toEqual([a]);
    expect(of(passed(a), passed(b), moved(b, a, "back"), passed(c))).toEqual([a, c]);
    expect(of(passed(a), passed(b), passed(a))).toEqual([a]);
    expect(of(passed(a), passed(b), moved(b, c, "back"))).toEqual([a, b]);
    expect(of(passed(a), passed(b), moved(b, a, "forward"))).toEqual([a, b]);
    expect(of(passed(a), passed(b), { ...moved(b, a, "back"), kind: "restore" })).toEqual([a, b]);
  });

  test("are told by records that count alone", () => {
    const given = records(
      passed(a),
      { ...passed(b), trust: "unsigned" },
      { ...moved(b, a, "back"), trust: "wrong" },
    );
    expect(passedReleases(given, ({ trust }) => trust === "signed")).toEqual([a]);
    expect(passedReleases(given, ({ trust }) => trust !== "wrong")).toEqual([a, b]);
  });
});

describe("the proof of an image", () => {
  const demand: ProofDemand = {
    ...{ image: a, container: "id", checksHash: "hash", bake: { length: 0, requests: 0 } },
    ...{ settings: "", longestAge: 3600, counts: ({ trust }) => trust === "signed" },
  };
  const state = (parts: Partial<JudgedRecord>[], of: Partial<ProofDemand> = {}, now = noon + 10 * minute) =>
    proofOf(records(...parts), { ...demand, ...of }, now).state;

  test("is a pass with the settings that are asked for", () => {
    expect(state([{ ...passed(), settings: "new" }], { settings: "new" })).toBe("passed");
    expect(state([{ ...passed(), settings: "old" }], { settings: "new" })).toBe("missing");
    expect(state([passed()], { settings: "new" })).toBe("missing");
    expect(state([{ ...passed(), settings: "old" }], { settings: "" })).toBe("passed");
  });

  test("is kept up by a bake, which says no settings", () => {
    const baked = { ...passed(), kind: "bake", seconds: 60 };
    const asked = { settings: "new", bake: { length: 60, requests: 0 } };
    const before = { sequence: 2, ...passed(), settings: "new" };
    expect(state([before, baked], asked)).toBe("passed");
    expect(state([before, { ...baked, settings: "old" }], asked)).toBe("passed");
    expect(state([{ ...before, settings: "old" }, baked], asked)).toBe("missing");
  });

  test("is a pass of the container, on the image, by the checks and a key that count", () => {
    expect(state([passed()])).toBe("passed");
    for (const other of [
      { container: "other" },
      { image: b },
      { checksHash: "x" },
      { trust: "unsigned" as const },
    ]) {
      expect(state([{ ...passed(), ...other }])).toBe("missing");
    }
    for (const kind of ["gate", "bake", "snapshot"]) expect(state([{ ...passed(), kind }])).toBe("missing");
  });

  test("is taken back by whatever did not pass after it, and by nothing else", () => {
    for (const kind of ["gate", "verification", "bake"]) {
      expect(state([passed(), { ...failed(), kind }])).toBe("failed");
      expect(state([{ ...failed(), kind }, passed()])).toBe("passed");
      expect(state([passed(), { ...failed(), kind, outcome: "inconclusive" }])).toBe("failed");
    }
    expect(state([passed(), { ...failed(), kind: "failure" }])).toBe("passed");
    expect(state([passed(), { ...failed(), container: "other" }])).toBe("passed");
    expect(state([passed(), { ...failed(), trust: "untrusted" }])).toBe("failed");
    // A gate that passes repairs nothing: it is not the whole of the checks.
    expect(state([passed(), failed(), { ...passed(), kind: "gate" }])).toBe("failed");
    // Nor does a pass that does not count.
    expect(state([passed(), failed(), { ...passed(), checksHash: "x" }])).toBe("failed");
  });

  test("has its bake, as long and as busy as it must be", () => {
    const bake = { length: 600, requests: 5 };
    const baked = (seconds: number, served: number) => ({ ...passed(), kind: "bake", seconds, served });
    const arrived = moved(b, a, "forward");
    expect(state([arrived, passed(), baked(600, 5)], { bake })).toBe("passed");
    for (const [seconds, served] of [
      [599, 5],
      [600, 4],
    ] as const) {
      expect(state([arrived, passed(), baked(seconds, served)], { bake })).toBe("baking");
    }
    expect(state([arrived, { ...passed(), seconds: 600, served: 5 }], { bake })).toBe("baking");
    for (const part of [
      { length: 600, requests: 0 },
      { length: 0, requests: 5 },
    ]) {
      expect(state([arrived, passed()], { bake: part })).toBe("baking");
    }
    expect(state([arrived, passed()], { bake: { length: 0, requests: 0 } })).toBe("passed");
    // Only what came forward bakes; what went back, to this image, and what was there first of all, does not.
    expect(state([moved(b, a, "back"), passed()], { bake })).toBe("passed");
    expect(state([moved(a, b, "back"), passed()], { bake })).toBe("baking");
    expect(state([moved(b, a, "back"), moved(a, a, "same"), passed()], { bake })).toBe("passed");
    expect(state([passed()], { bake })).toBe("passed");
    expect(state([{ ...passed(), sequence: 2 }], { bake })).toBe("baking");
  });

  test("counts until it is too old, and never when it is ahead of its time", () => {
    const at = (now: number) => state([passed()], {}, now);
    expect(at(noon + 3600_000)).toBe("passed");
    expect(at(noon + 3600_001)).toBe("stale");
    expect(at(noon - 5 * minute)).toBe("passed");
    expect(at(noon - 5 * minute - 1)).toBe("missing");
    const bake = { length: 600, requests: 0 };
    const baked = { ...passed(), kind: "bake", seconds: 600 };
    // The bake is the proof then, and its age the one that counts.
    expect(state([moved(b, a, "forward"), passed(), baked], { bake }, noon + 3600_000 + 2 * minute)).toBe(
      "passed",
    );
  });
});

describe("a duration in a message", () => {
  test("is in the largest unit that takes it whole", () => {
    expect([0, 1, 59, 60, 90, 3600, 5400, 86_400, 90_000, 1_209_600].map(durationText)).toEqual([
      "0s",
      "1s",
      "59s",
      "1m",
      "90s",
      "1h",
      "90m",
      "1d",
      "25h",
      "14d",
    ]);
  });
});
