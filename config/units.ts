import { z } from "zod";

/** Longer ones overflow Node's timers, which then fire at once. */
const longestDays = 24;

const secondsPerUnit = { d: 86_400, h: 3_600, m: 60, s: 1, ms: 0.001 } as const;
type DurationUnit = keyof typeof secondsPerUnit;
const durationUnits = Object.keys(secondsPerUnit) as DurationUnit[];

const bytesPerUnit: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** Seconds of "500ms", "30s", "1h30m"; or what is wrong with it, as rule and remedy. */
function parseDuration(text: string): number | { problem: string } {
  const quoted = JSON.stringify(text.slice(0, 40));
  if (/^\d+(\.\d+)?$/.test(text)) return { problem: noDurationUnit(text) };
  const part = /(\d{1,9})(ms|[smhd])/y;
  let total = 0;
  let lastUnit = -1;
  do {
    const match = part.exec(text);
    const unit = durationUnits.indexOf(match?.[2] as DurationUnit);
    if (match === null || unit <= lastUnit) {
      return {
        problem: `${quoted} is no duration. Write whole numbers with d, h, m, s or ms, as in "1h30m"`,
      };
    }
    total += Number(match[1]) * secondsPerUnit[match[2] as DurationUnit];
    lastUnit = unit;
  } while (part.lastIndex < text.length);
  if (total <= 0) return { problem: `${quoted} is no time at all. Write a duration above zero, as in "30s"` };
  if (total > longestDays * secondsPerUnit.d) {
    return { problem: `${quoted} is longer than ${longestDays} days. Write a shorter duration` };
  }
  return total;
}

function noDurationUnit(number: string): string {
  return `${number} has no unit. Write "${number}s" for seconds, or use ms, m, h or d`;
}

/** Bytes of "512 MB", "1.5 GB", "1 GiB"; or what is wrong with it, as rule and remedy. */
function parseBytes(text: string): number | { problem: string } {
  const quoted = JSON.stringify(text.slice(0, 40));
  if (/^\d+(\.\d+)?$/.test(text)) return { problem: noBytesUnit(text) };
  const match = /^(\d{1,9}(?:\.\d{1,3})?) ?([kKMGT]i?B|B)$/.exec(text);
  const factor = match?.[2] === undefined ? undefined : bytesPerUnit[match[2]];
  if (match?.[1] === undefined || factor === undefined) {
    return {
      problem: `${quoted} is no size. Write a number and kB, MB, GB, TB, KiB, MiB, GiB or TiB, as in "512 MB"`,
    };
  }
  const total = Math.round(Number(match[1]) * factor);
  if (total <= 0) return { problem: `${quoted} is no size at all. Write a size above zero, as in "512 MB"` };
  if (total > Number.MAX_SAFE_INTEGER) return { problem: `${quoted} is too large. Write a smaller size` };
  return total;
}

function noBytesUnit(number: string): string {
  return `${number} has no unit. Write "${number} MB" for megabytes, or use kB, GB, TB, KiB, MiB, GiB or TiB`;
}

/** "500ms", "30s", "5m", "12h", "1h30m": becomes seconds. A default is given in seconds. */
export const seconds = z
  .string({
    error: ({ input }) =>
      typeof input === "number"
        ? noDurationUnit(String(input))
        : 'expected a duration. Write it with its unit, as in "30s"',
  })
  .meta({
    pattern: "^(?=.)(\\d{1,9}d)?(\\d{1,9}h)?(\\d{1,9}m)?(\\d{1,9}s)?(\\d{1,9}ms)?$",
    examples: ["30s", "1h30m"],
  })
  .transform((text, context) => valueOrIssue(parseDuration(text), context));

/** "512 MB", "2 GB", "1 GiB": becomes bytes. A default is given in bytes. */
export const bytes = z
  .string({
    error: ({ input }) =>
      typeof input === "number"
        ? noBytesUnit(String(input))
        : 'expected a size. Write it with its unit, as in "512 MB"',
  })
  .meta({ pattern: "^\\d{1,9}(\\.\\d{1,3})? ?([kKMGT]i?B|B)$", examples: ["512 MB", "2 GiB"] })
  .transform((text, context) => valueOrIssue(parseBytes(text), context));

function valueOrIssue(parsed: number | { problem: string }, context: z.RefinementCtx): number {
  if (typeof parsed === "number") return parsed;
  context.addIssue({ code: "custom", message: parsed.problem });
  return z.NEVER;
}

/** The largest two units that say it: "1h 30m", "2m 5s", "4.2s", "500ms". */
export function formatDuration(duration: number): string {
  if (duration < 0) return `-${formatDuration(-duration)}`;
  const milliseconds = Math.round(duration * 1000);
  if (milliseconds < 1000) return `${milliseconds}ms`;
  if (duration < 10) return `${Math.round(duration * 10) / 10}s`;
  let rest = Math.round(duration);
  const parts: string[] = [];
  for (const unit of ["d", "h", "m", "s"] as const) {
    const count = Math.floor(rest / secondsPerUnit[unit]);
    rest -= count * secondsPerUnit[unit];
    if (count > 0) parts.push(`${count}${unit}`);
    else if (parts.length > 0) break;
  }
  return parts.slice(0, 2).join(" ");
}

/** In decimal units with one digit behind the point at most: "512 MB", "1.5 GB". */
export function formatBytes(count: number): string {
  if (count < 0) return `-${formatBytes(-count)}`;
  for (const unit of ["TB", "GB", "MB", "kB"] as const) {
    const factor = bytesPerUnit[unit] ?? 1;
    // 999 960 bytes would round to "1000 kB": the larger unit takes over from where it rounds to one.
    if (count >= factor * 0.99995) return `${Math.round((count / factor) * 10) / 10} ${unit}`;
  }
  return `${Math.round(count)} B`;
}
