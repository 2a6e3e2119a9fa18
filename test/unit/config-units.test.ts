import { describe, expect, test } from "vitest";
import { bytes, formatBytes, formatDuration, seconds } from "../../config/units.ts";

function problemOf(schema: typeof seconds | typeof bytes, value: unknown): string | undefined {
  return schema
    .safeParse(value)
    .error?.issues.map((issue) => issue.message)
    .join("\n");
}

describe("a duration", () => {
  test.each([
    ["500ms", 0.5],
    ["1ms", 0.001],
    ["30s", 30],
    ["5m", 300],
    ["12h", 43_200],
    ["1h30m", 5_400],
    ["1d12h", 129_600],
    ["1m500ms", 60.5],
    ["90m", 5_400],
    ["24d", 2_073_600],
  ])("%s is %d seconds", (text, expected) => {
    expect(seconds.parse(text)).toBe(expected);
  });

  const wholeNumbers = 'Write whole numbers with d, h, m, s or ms, as in "1h30m"';
  test.each([
    [30, '30 has no unit. Write "30s" for seconds, or use ms, m, h or d'],
    [1.5, '1.5 has no unit. Write "1.5s" for seconds, or use ms, m, h or d'],
    ["30", '30 has no unit. Write "30s" for seconds, or use ms, m, h or d'],
    ["", `"" is no duration. ${wholeNumbers}`],
    ["s", `"s" is no duration. ${wholeNumbers}`],
    ["1.5h", `"1.5h" is no duration. ${wholeNumbers}`],
    ["-5s", `"-5s" is no duration. ${wholeNumbers}`],
    ["5 s", `"5 s" is no duration. ${wholeNumbers}`],
    ["5S", `"5S" is no duration. ${wholeNumbers}`],
    ["5min", `"5min" is no duration. ${wholeNumbers}`],
    ["30m1h", `"30m1h" is no duration. ${wholeNumbers}`],
    ["1s1s", `"1s1s" is no duration. ${wholeNumbers}`],
    ["1e3s", `"1e3s" is no duration. ${wholeNumbers}`],
    ["0s", '"0s" is no time at all. Write a duration above zero, as in "30s"'],
    ["25d", '"25d" is longer than 24 days. Write a shorter duration'],
    [true, 'expected a duration. Write it with its unit, as in "30s"'],
    [undefined, 'expected a duration. Write it with its unit, as in "30s"'],
  ])("%j is refused", (value, message) => {
    expect(problemOf(seconds, value)).toBe(message);
  });

  test("that may be left out has its default in seconds", () => {
    expect(seconds.default(15).parse(undefined)).toBe(15);
  });

  test.each([
    [0, "0ms"],
    [0.5, "500ms"],
    [1, "1s"],
    [4.25, "4.3s"],
    [9.96, "10s"],
    [59.6, "1m"],
    [61, "1m 1s"],
    [300, "5m"],
    [5_400, "1h 30m"],
    [5_401, "1h 30m"],
    [3_601, "1h"],
    [129_600, "1d 12h"],
    [-90, "-1m 30s"],
  ])("of %d seconds is said as %s", (duration, text) => {
    expect(formatDuration(duration)).toBe(text);
  });
});

describe("a size", () => {
  test.each([
    ["1 B", 1],
    ["64 kB", 64_000],
    ["64 KB", 64_000],
    ["512 MB", 512_000_000],
    ["512MB", 512_000_000],
    ["2 GB", 2_000_000_000],
    ["1.5 GB", 1_500_000_000],
    ["1 TB", 1_000_000_000_000],
    ["4 KiB", 4_096],
    ["1 MiB", 1_048_576],
    ["1 GiB", 1_073_741_824],
    ["1 TiB", 1_099_511_627_776],
  ])("%s is %d bytes", (text, expected) => {
    expect(bytes.parse(text)).toBe(expected);
  });

  const units = 'Write a number and kB, MB, GB, TB, KiB, MiB, GiB or TiB, as in "512 MB"';
  test.each([
    [512, '512 has no unit. Write "512 MB" for megabytes, or use kB, GB, TB, KiB, MiB, GiB or TiB'],
    ["512", '512 has no unit. Write "512 MB" for megabytes, or use kB, GB, TB, KiB, MiB, GiB or TiB'],
    ["512 mb", `"512 mb" is no size. ${units}`],
    ["512m", `"512m" is no size. ${units}`],
    ["512  MB", `"512  MB" is no size. ${units}`],
    ["-1 GB", `"-1 GB" is no size. ${units}`],
    ["1,5 GB", `"1,5 GB" is no size. ${units}`],
    ["kiB", `"kiB" is no size. ${units}`],
    ["0 MB", '"0 MB" is no size at all. Write a size above zero, as in "512 MB"'],
    ["999999 TB", '"999999 TB" is too large. Write a smaller size'],
    [null, 'expected a size. Write it with its unit, as in "512 MB"'],
  ])("%j is refused", (value, message) => {
    expect(problemOf(bytes, value)).toBe(message);
  });

  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_000, "1 kB"],
    [999_949, "999.9 kB"],
    [999_960, "1 MB"],
    [512_000_000, "512 MB"],
    [1_500_000_000, "1.5 GB"],
    [1_073_741_824, "1.1 GB"],
    [2_000_000_000_000, "2 TB"],
    [-1_500, "-1.5 kB"],
  ])("of %d bytes is said as %s", (count, text) => {
    expect(formatBytes(count)).toBe(text);
  });
});
