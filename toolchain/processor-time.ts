import { readFileSync } from "node:fs";

/** Linux counts for programs in hundredths of a second, whatever its own clock is. */
const ticksPerSecond = 100;

/**
 * Seconds that the processors have worked so far for this process and for all that it has started and that has ended.
 * What the Docker engine does is not among them. Undefined on a system that does not tell.
 */
export function processorSeconds(): number | undefined {
  const { user, system } = process.cpuUsage();
  try {
    return (user + system) / 1e6 + secondsOfChildren(readFileSync("/proc/self/stat", "utf8"));
  } catch {
    return undefined;
  }
}

/** Fields 16 and 17 of /proc/PID/stat. The name in field 2 may itself hold spaces and brackets. */
export function secondsOfChildren(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
}

/** Minutes that the processors worked for what this process has started and that ended while it did `work`. */
export async function cpuMinutes(work: () => Promise<void>): Promise<number | undefined> {
  const before = processorSeconds();
  await work();
  const after = processorSeconds();
  return before === undefined || after === undefined ? undefined : (after - before) / 60;
}

/** "9.4 min of processor time (budget 12)" */
export function minutesOf(took: number | undefined, budget: number): string {
  if (took === undefined) return `an unknown processor time (budget ${budget} min)`;
  const verdict = took > budget ? `more than its budget of ${budget}` : `budget ${budget}`;
  return `${took.toFixed(1)} min of processor time (${verdict})`;
}
