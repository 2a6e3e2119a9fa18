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

  test("says that a part is slow once it takes longer than usual, and goes on", async () => {
    const lines: string[] = [];
    const done = lineProgress((line) => lines.push(line)).step("Part", async ({ doing }) => {
      await vi.advanceTimersByTimeAsync(25_000);
      doing("waiting for the part");
      await vi.advanceTimersByTimeAsync(125_000);
      doing("building the part", 600);
      await vi.advanceTimersByTimeAsync(605_000);
      return "value";
    });
    expect(await done).toBe("value");
    expect(lines.filter((line) => line.includes("waiting for")).slice(-2)).toEqual([
      "  … waiting for the part, 2 min 20 s",
      "  … slow: waiting for the part, not done after 2 min 05 s; waiting on",
    ]);
    expect(lines.filter((line) => line.includes("building")).slice(-2)).toEqual([
      "  … building the part, 12 min 20 s",
      "  … slow: building the part, not done after 10 min 00 s; waiting on",
    ]);
    expect(lines.filter((line) => line.includes("slow"))).toHaveLength(2);
    expect(lines.at(-1)).toMatch(/^✓ Part \(/);
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
