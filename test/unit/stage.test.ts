import { describe, expect, test } from "vitest";
import { lastBegin } from "../support/last-begin.ts";
import { closingLine, runStage, tallyOfVitest } from "../support/stage.ts";

describe("a stage", () => {
  test.each([
    ["process.exit(0)", { passed: 1, failed: 0, skipped: 0 }],
    ["process.exit(3)", { passed: 0, failed: 1, skipped: 0 }],
  ])("that writes no results counts as one test: %s", async (script, expected) => {
    expect(await runStage({ title: "lint", argv: ["-e", script] }, () => {})).toEqual(expected);
  });

  test("shows its program's output and how it ended", async () => {
    let shown = "";
    const argv = ["-e", "console.log('out'); console.error('err'); process.exitCode = 1"];
    await runStage({ title: "lint", argv }, (text) => {
      shown += text;
    });
    expect(shown).toMatch(/^\n── lint\n(out\nerr|err\nout)\n── lint: failed after \d+ s\n$/);
  });

  test("with results counts its tests, and a file that can't be loaded as one that failed", () => {
    const results = JSON.stringify({ numPassedTests: 7, numFailedTests: 0, numTotalTests: 10 });
    expect(tallyOfVitest(results, true)).toEqual({ passed: 7, failed: 0, skipped: 3 });
    expect(tallyOfVitest(results, false)).toEqual({ passed: 7, failed: 1, skipped: 3 });
    expect(
      tallyOfVitest(JSON.stringify({ numPassedTests: 5, numFailedTests: 2, numTotalTests: 7 }), false),
    ).toEqual({
      passed: 5,
      failed: 2,
      skipped: 0,
    });
  });
});

test("the last line of a run sums up all stages, and says what was left out", () => {
  const unit = { passed: 400, failed: 2, skipped: 0 };
  expect(closingLine([{ passed: 1, failed: 0, skipped: 0 }, unit])).toBe("401 passed, 2 failed");
  expect(closingLine([{ passed: 1, failed: 0, skipped: 7 }, unit])).toBe("401 passed, 2 failed, 7 skipped");
});

test("files of tests may begin at any time, except where the machine ends the run", () => {
  expect(lastBegin(1000, {})).toBeUndefined();
  expect(lastBegin(1000, { CI: "true" })).toBe(String(1000 + 50 * 60_000));
});
