import { type StepName, stepNames } from "../lifecycle/update/step-names.ts";
import type { StepState, Steps } from "./steps.ts";

/** Short heads, so that the table fits a terminal of 80 columns. */
const heads: Partial<Record<StepName, string>> = {
  preflight: "pre",
  "hot snapshot": "hot",
  "cold snapshot": "cold",
  rehearsal: "try",
  migration: "migr",
  verification: "verify",
};

const seldom: readonly StepName[] = ["rehearsal", "migration", "restore", "hold", "open"];

/**
 * One row a workload, one column a step, seconds in the cells; a workload that nothing happens to has an empty row. What
 * not every update has (rehearsal, migration, restore, hold, open) has a column only when there is one.
 */
export function stepsTable(steps: Steps, now: number): string[] {
  const columns = stepNames.filter(
    (step) => !seldom.includes(step) || [...steps.rows.values()].some((row) => row.has(step)),
  );
  const first = Math.max(0, ...[...steps.rows.keys()].map((name) => name.length));
  const line = (name: string, cells: string[]) =>
    [name.padEnd(first), ...cells.map((text, index) => text.padStart(width(columns[index])))]
      .join(" ")
      .trimEnd();
  return [
    line("", columns.map(headOf)),
    ...[...steps.rows].map(([name, row]) =>
      line(
        name,
        columns.map((step) => cell(row.get(step), now)),
      ),
    ),
  ];
}

function headOf(step: StepName): string {
  return heads[step] ?? step;
}

function width(step: StepName | undefined): number {
  return Math.max(4, step === undefined ? 0 : headOf(step).length);
}

/** Four characters at most: "✓3.3", "✓125", "…12", "✗0.4". */
function cell(state: StepState | undefined, now: number): string {
  switch (state?.state) {
    case undefined:
      return "·";
    case "running":
      return `…${Math.floor((now - state.since) / 1000)}`;
    case "passed":
      return `✓${shortSeconds(state.seconds ?? 0)}`;
    case "failed":
      return `✗${shortSeconds(state.seconds ?? 0)}`;
  }
}

function shortSeconds(seconds: number): string {
  return seconds < 9.95 ? seconds.toFixed(1) : String(Math.round(seconds));
}
