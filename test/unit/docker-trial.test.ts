import { describe, expect, it } from "vitest";
import { askedOften } from "../../platforms/docker/trial.ts";

const second = 1e9;

describe("the health check of a trial", () => {
  it.each<[string, object, object]>([
    [
      "asks every 3 s, and for as long",
      { Interval: 10 * second, Retries: 2 },
      { Interval: 3 * second, Retries: 7 },
    ],
    [
      "is not asked more rarely than its own",
      { Interval: second, Retries: 5 },
      { Interval: second, Retries: 5 },
    ],
    ["without times has those of the engine", { Interval: 0 }, { Interval: 3 * second, Retries: 30 }],
  ])("%s", (_what, own, expected) => {
    const rest = { Test: ["CMD", "true"], Timeout: 5 * second, StartPeriod: 20 * second };
    expect(askedOften({ ...rest, ...own })).toEqual({ ...rest, ...expected });
  });
});
