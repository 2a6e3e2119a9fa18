import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { lastBegin } from "../support/last-begin.ts";
import { secondsOfChildren } from "../support/processor-time.ts";
import { type FileResult, fileResult } from "../support/results.ts";
import { scratchFolder } from "../support/scratch.ts";
import { closingLine, runStage, tallyOf } from "../support/stage.ts";
import { timeTable } from "../support/time-table.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("a stage", () => {
  test.each([
    ["process.exit(0)", { passed: 1, failed: 0, skipped: 0 }],
    ["process.exit(3)", { passed: 0, failed: 1, skipped: 0 }],
  ])("that writes no results counts as one test: %s", async (script, tally) => {
    const results = join(scratchFolder(), "never-written.json");
    for (const each of [{}, { results }]) {
      const report = await runStage({ title: "lint", argv: ["-e", script], ...each }, () => {});
      expect(report).toMatchObject({ title: "lint", tally, files: [] });
    }
  });

  test("shows its program's output, how it ended, and after how many seconds", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1000 });
    let shown = "";
    const argv = ["-e", "console.log('out'); process.exitCode = 1"];
    const { seconds } = await runStage({ title: "lint", argv }, (text) => {
      shown += text;
      if (text === "out\n") vi.setSystemTime(76_400);
    });
    expect(shown).toBe("\n── lint\nout\n── lint: failed after 75 s\n");
    expect(seconds).toBe(75.4);
  });

  test("shows what its program says of errors", async () => {
    let shown = "";
    await runStage({ title: "lint", argv: ["-e", "console.error('err')"] }, (text) => {
      shown += text;
    });
    expect(shown).toContain("\n── lint\nerr\n── lint: passed after ");
  });

  test("gives a sign of life after nine seconds without a word, and none before", async () => {
    vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"], now: 0 });
    const go = join(scratchFolder(), "go");
    const script = `console.log("begun"); const wait = () => require("node:fs").existsSync(${JSON.stringify(go)}) || setTimeout(wait, 10); wait();`;
    let shown = "";
    const ended = runStage({ title: "unit", argv: ["-e", script] }, (text) => {
      shown += text;
      if (text !== "begun\n") return;
      vi.advanceTimersByTime(8000);
      shown += "eight seconds\n";
      vi.advanceTimersByTime(11_000);
      writeFileSync(go, "");
    });
    await ended;
    expect(shown).toBe(
      "\n── unit\nbegun\neight seconds\n   … unit, 9 s\n   … unit, 18 s\n── unit: passed after 19 s\n",
    );
  });

  test("reads its results from the file that its program is told", async () => {
    const results = join(scratchFolder(), "results.json");
    const file = { file: "test/unit/a.test.ts", seconds: 2, passed: 7, failed: 0, skipped: 3 };
    const written = JSON.stringify({ files: [file], strayErrors: 0 });
    const script = `require("node:fs").writeFileSync(process.env.CLAWFORCE_TEST_RESULTS, ${JSON.stringify(written)})`;
    const report = await runStage({ title: "unit", argv: ["-e", script], results }, () => {});
    expect(report).toMatchObject({ tally: { passed: 7, failed: 0, skipped: 3 }, files: [file] });
  });
});

describe("the results of a stage", () => {
  const file = (passed: number, failed: number, skipped = 0): FileResult => ({
    ...{ file: "test/unit/a.test.ts", seconds: 1, passed, failed, skipped },
  });

  test.each([
    ["are those of all its files", [file(5, 2), file(2, 0, 3)], 0, false, [7, 2, 3]],
    ["count an error that belongs to no file as a failure", [file(5, 0)], 1, false, [5, 1, 0]],
    ["are a failure when the program failed for another reason", [file(5, 0)], 0, false, [5, 1, 0]],
    ["are what they are when the program succeeded", [file(5, 0, 1)], 0, true, [5, 0, 1]],
  ] as const)("%s", (_, files, strayErrors, succeeded, [passed, failed, skipped]) => {
    expect(tallyOf({ files: [...files], strayErrors }, succeeded)).toEqual({ passed, failed, skipped });
  });
});

describe("the result of a file", () => {
  const module = (ok: boolean, states: readonly string[]) => ({
    moduleId: join(import.meta.dirname, "a.test.ts"),
    ok: () => ok,
    diagnostic: () => ({ collectDuration: 1500, setupDuration: 250, duration: 60_000 }),
    children: {
      allTests: (state?: string) => states.filter((each) => state === undefined || each === state),
    },
  });

  test("is its tests, and the time of its loading, its hooks and its tests", () => {
    expect(fileResult(module(false, ["passed", "failed", "passed", "skipped"]))).toEqual({
      ...{ file: "test/unit/a.test.ts", seconds: 61.75, passed: 2, failed: 1, skipped: 1 },
    });
  });

  test("is one failure where its set-up failed, and no test began", () => {
    const result = fileResult(module(false, ["skipped", "skipped"]));
    expect(result).toMatchObject({ passed: 0, failed: 1, skipped: 2 });
  });
});

test("the last line of a run sums up all stages, and says what was left out", () => {
  const unit = { passed: 400, failed: 2, skipped: 0 };
  expect(closingLine([{ passed: 1, failed: 0, skipped: 0 }, unit])).toBe("401 passed, 2 failed");
  expect(closingLine([{ passed: 1, failed: 0, skipped: 7 }, unit])).toBe("401 passed, 2 failed, 7 skipped");
});

describe("the table of time", () => {
  const parts = [
    { title: "unit", seconds: 24, processor: 29.3 },
    { title: "integration", seconds: 1500, processor: 900 },
  ];

  test("has each part, all of them, and the ten slowest files of all stages", () => {
    const files = Array.from({ length: 12 }, (_, index) => ({
      ...{ file: `test/integration/${index}.test.ts`, seconds: index * 30, passed: 1, failed: 0, skipped: 0 },
    }));
    expect(timeTable(parts, files).split("\n")).toEqual([
      "                     time           CPU",
      "unit                 24 s          29 s",
      "integration   25 min 00 s   15 min 00 s",
      "all           25 min 24 s   15 min 29 s",
      "",
      "the slowest files",
      ...[11, 10, 9, 8, 7, 6, 5, 4, 3, 2].map((index) => {
        const minutes = `${Math.floor(index / 2)} min ${index % 2 === 0 ? "00" : "30"} s`;
        return `${minutes.padStart(12)}  test/integration/${index}.test.ts`;
      }),
    ]);
  });

  test("says where the processors' time is not known, and lists no files where there are none", () => {
    expect(timeTable([{ title: "types", seconds: 2.5, processor: undefined }], []).split("\n")).toEqual([
      "               time           CPU",
      "types         2.5 s             ?",
      "all           2.5 s             ?",
    ]);
  });
});

test("the time of the processors is that of the children that have ended, whatever the process calls itself", () => {
  expect(secondsOfChildren("42 (a) b) S 1 42 42 0 -1 0 0 0 0 0 7 8 1234 66 20 0 1 0 12345 0")).toBe(13);
});

test("files of tests may begin at any time, except where the machine ends the run", () => {
  expect(lastBegin(1000, {})).toBeUndefined();
  expect(lastBegin(1000, { CI: "true" })).toBe(String(1000 + 50 * 60_000));
});
