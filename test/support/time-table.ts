import { duration } from "../../toolchain/progress.ts";
import type { FileResult } from "./results.ts";
import type { StageReport } from "./stage.ts";

/** A part of a run. */
type Measured = Pick<StageReport, "title" | "seconds" | "processor">;

const slowest = 10;

/** Where the time of a run went: its parts, and its slowest files. */
export function timeTable(parts: readonly Measured[], files: readonly FileResult[]): string {
  const whole = parts.reduce<Measured>(
    (sum, part) => ({
      title: "all",
      seconds: sum.seconds + part.seconds,
      processor:
        sum.processor === undefined || part.processor === undefined
          ? undefined
          : sum.processor + part.processor,
    }),
    { title: "all", seconds: 0, processor: 0 },
  );
  const width = Math.max(...[...parts, whole].map(({ title }) => title.length));
  const rows = [...parts, whole].map(
    ({ title, seconds, processor }) =>
      `${title.padEnd(width)}  ${shown(seconds)}  ${processor === undefined ? "?".padStart(12) : shown(processor)}`,
  );
  const ranked = files.toSorted((one, other) => other.seconds - one.seconds).slice(0, slowest);
  return [
    `${"".padEnd(width)}  ${"time".padStart(12)}  ${"CPU".padStart(12)}`,
    ...rows,
    ...(ranked.length === 0 ? [] : ["", "the slowest files"]),
    ...ranked.map(({ file, seconds }) => `${shown(seconds)}  ${file}`),
  ].join("\n");
}

function shown(seconds: number): string {
  return duration(seconds * 1000).padStart(12);
}
