import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { duration, lineProgress } from "../../toolchain/progress.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("progress", () => {
  test("is never silent for more than ten seconds", async () => {
    const lines: string[] = [];
    const done = lineProgress((line) => lines.push(line)).step("Part", async ({ doing, result }) => {
      await vi.advanceTimersByTimeAsync(12_000);
      doing("building the part");
      await vi.advanceTimersByTimeAsync(60_000);
      result("Part 1.0: built");
      return "value";
    });
    expect(await done).toBe("value");
    expect(lines[0]).toBe("  … Part, 10 s");
    expect(lines[1]).toBe("  … building the part, 20 s");
    expect(lines).toHaveLength(8);
    expect(lines.at(-1)).toBe("✓ Part 1.0: built (1 min 12 s)");
  });

  test("marks the step that failed and passes its error on", async () => {
    const lines: string[] = [];
    const failing = lineProgress((line) => lines.push(line)).step("Part", () =>
      Promise.reject(new Error("no")),
    );
    await expect(failing).rejects.toThrow("no");
    expect(lines).toEqual(["✗ Part: failed (0.0 s)"]);
  });
});

test.each([
  [40, "0.0 s"],
  [9_940, "9.9 s"],
  [9_960, "10 s"],
  [59_400, "59 s"],
  [59_600, "1 min 00 s"],
  [243_000, "4 min 03 s"],
])("%i ms read as %s", (milliseconds, text) => {
  expect(duration(milliseconds)).toBe(text);
});
