import { describe, expect, test } from "vitest";
import type { Move } from "../../lifecycle/evidence/move.ts";
import { changesOf, group, type Past, settledAfter, until, untilWave } from "./settled-fixture.ts";

const louder = { [`${group}.container.environment`]: { LOG_LEVEL: "debug" } };
const atWave = (wave: number) => ({ ...louder, [`${group}.wave`]: wave });

describe("a change of the settings of a group", () => {
  test("goes to the canary alone, and says what the others wait for", () => {
    const settled = settledAfter(louder);
    expect(changesOf(settled)).toEqual({
      canary: "changes",
      ...{ "support-1": untilWave(2), "support-2": untilWave(2), "support-3": untilWave(3) },
    });
    expect(settled.get("canary")?.change?.changes).toEqual(["environment.LOG_LEVEL is new"]);
    expect(settled.get("canary")?.config.container.environment).toEqual({ LOG_LEVEL: "debug" });
    expect(settled.get("support-1")?.config.container.environment).toEqual({});
    expect(settled.get("support-1")?.waits?.changes).toEqual(["environment.LOG_LEVEL is new"]);
  });

  test("leaves the triggers of those that wait as they are", () => {
    const [before, after] = [settledAfter({}), settledAfter(louder)];
    const triggers = (settled: typeof before) => [...settled.values()].map(({ made }) => made.trigger);
    expect(triggers(after).slice(1)).toEqual(triggers(before).slice(1));
    expect(triggers(after)[0]).not.toBe(triggers(before)[0]);
  });

  test("goes to the waves that have come once the ones before have passed, whatever wave stands there", () => {
    expect(changesOf(settledAfter(atWave(3)))).toEqual({
      canary: "changes",
      ...{ "support-1": until("canary"), "support-2": until("canary"), "support-3": until("canary") },
    });
    const moved: Past = [
      [{}, "passed"],
      [louder, "passed"],
    ];
    expect(changesOf(settledAfter(atWave(2), { canary: moved }))).toEqual({
      ...{ canary: "stays", "support-1": "changes", "support-2": "changes", "support-3": untilWave(3) },
    });
  });

  test.each<[string, Past]>([
    [
      "has failed on them",
      [
        [{}, "passed"],
        [louder, "failed"],
      ],
    ],
    ["has not been judged on them", [[{}, "passed"], [louder]]],
  ])("stays with the canary that %s", (_, past) => {
    expect(changesOf(settledAfter(atWave(3), { canary: past }))).toMatchObject({
      canary: "stays",
      "support-1": until("canary"),
    });
  });

  test("is taken back at once from all that have it, in every wave", () => {
    const moved: Past = [
      [{}, "passed"],
      [louder, "failed"],
    ];
    expect(changesOf(settledAfter({}, { canary: moved, "support-1": moved }))).toEqual({
      ...{ canary: "back", "support-1": "back", "support-2": "stays", "support-3": "stays" },
    });
  });

  describe("beside a way back", () => {
    const snapshot = { snapshot: "c1", takenAt: "", moved: [] };
    const release = { image: "before", markers: { databases: {} }, ...snapshot };
    const back: Move = { kind: "back", from: "candidate", to: "before", release };
    const plan = { ...snapshot, reason: "requested" as const };
    const set: Move = { kind: "restore", from: "before", to: "before", restore: plan };

    test.each<[string, Move, string]>([
      ["image", back, "its image has gone back"],
      ["state", set, "its state is set back"],
    ])("waits until that is done with its %s: nothing stands before a way back", (_, move, what) => {
      const settled = settledAfter(louder, {}, { canary: move });
      expect(changesOf(settled)).toMatchObject({ canary: `until ${what}` });
      expect(settled.get("canary")?.config.container.environment).toEqual({});
    });

    test("comes along where it is a way back itself", () => {
      const moved: Past = [
        [{}, "passed"],
        [louder, "failed"],
      ];
      expect(changesOf(settledAfter({}, { canary: moved }, { canary: back }))).toMatchObject({
        canary: "back",
      });
    });
  });

  test("is no way back once it was taken back itself", () => {
    const moved: Past = [
      [{}, "passed"],
      [louder, "passed"],
      [{}, "passed"],
    ];
    expect(changesOf(settledAfter(louder, { canary: moved, "support-1": moved }))).toMatchObject({
      ...{ canary: "changes", "support-1": untilWave(2) },
    });
  });

  test("is none in another order, nor of memory", () => {
    const two = { [`${group}.container.environment`]: { A: "1", B: "2" } };
    const past: Past = [[two, "passed"]];
    const pasts = Object.fromEntries(
      ["canary", "support-1", "support-2", "support-3"].map((name) => [name, past]),
    );
    const turned = {
      [`${group}.container.environment`]: { B: "2", A: "1" },
      [`${group}.container.memory`]: "1 GB",
    };
    expect(new Set(Object.values(changesOf(settledAfter(turned, pasts))))).toEqual(new Set(["stays"]));
  });

  test("is nobody's business who has nothing on record: the stack file counts, with the first trigger", () => {
    const pasts = { canary: [], "support-1": [], "support-2": [], "support-3": [] };
    const settled = settledAfter(louder, pasts);
    expect(new Set(Object.values(changesOf(settled)))).toEqual(new Set(["stays"]));
    expect(settled.get("support-3")?.config.container.environment).toEqual({ LOG_LEVEL: "debug" });
  });
});

test("an instance's own settings change in every wave, and those of its group wait", () => {
  const instances = ["canary", "support-1", "support-2", { name: "support-3", publish: 9999 }];
  const settled = settledAfter({ ...louder, [`${group}.instances`]: instances }).get("support-3");
  expect(settled?.change).toEqual({ changes: ["publish changes"], back: false });
  expect(settled?.config.container.environment).toEqual({});
  expect(settled?.waits?.changes).toEqual(["environment.LOG_LEVEL is new"]);
});
