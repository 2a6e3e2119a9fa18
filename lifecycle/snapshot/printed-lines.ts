import type { Platform } from "../../platforms/platform.ts";

/** Seconds that the log of something that has just started may take to be read. */
const logDeadline = 60;

/** The last lines that a unit or a trial has printed since it was made: all, or so many. */
export async function printedLines(
  platform: Pick<Platform, "logs">,
  name: string,
  most = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  const lines: string[] = [];
  for await (const { text } of platform.logs(name, { since: new Date(0), deadline: logDeadline })) {
    lines.push(text);
    if (lines.length > most) lines.shift();
  }
  return lines;
}
