import { oneLine } from "../../lifecycle/checks/cli-output.ts";
import type { RehearsalEntry } from "../../lifecycle/evidence/records.ts";
import type { Belongings, Start } from "../support/openclaw-copy.ts";

/** One way of updating: with or without a migration. */
export interface Cell {
  before: Belongings;
  said: RehearsalEntry | undefined;
  /** Exit code of the migration. */
  doctor: number | null | undefined;
  started: Start;
  /** The old version on what the new one has left. */
  back: Start | undefined;
}

export interface Row {
  title: string;
  plain: Cell | undefined;
  migrated: Cell | undefined;
  /** Where the rehearsal's word was not true. */
  wrong: string[];
}

/** The matrix, for people. */
export function matrixTable(rows: readonly Row[]): string {
  const lines = rows.flatMap((row) => [
    ...(["plain", "migrated"] as const).map((kind) => [row.title, kind, ...cellsOf(row[kind])]),
  ]);
  const head = ["jump", "migrate", "comes up", "rehearsal", "way back, said", "way back, true", "doctor"];
  const table = [head, ...lines];
  const widths = head.map((_, column) => Math.max(...table.map((line) => (line[column] ?? "").length)));
  return [
    "",
    ...table.map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    ),
    "",
    ...rows.flatMap(({ title, wrong }) => wrong.map((each) => `WRONG ${title}: ${each}`)),
  ].join("\n");
}

function cellsOf(cell: Cell | undefined): string[] {
  if (cell === undefined) return ["not reached"];
  const { before, said, doctor, started, back } = cell;
  return [
    truthOf(started, before),
    said === undefined ? "no record" : said.outcome,
    said?.wayBack === undefined ? "-" : said.wayBack.proved ? "code only" : "with the state",
    back === undefined ? "-" : truthOf(back, before),
    doctor === undefined ? "-" : String(doctor),
  ];
}

function truthOf({ ready, has, turnFailure }: Start, before: Belongings): string {
  if (!ready) return "no";
  const lost = [
    ...((has?.sessions ?? 0) < before.sessions ? ["sessions"] : []),
    ...(before.jobs.some((job) => !has?.jobs.includes(job)) ? ["jobs"] : []),
    ...(turnFailure === undefined ? [] : ["turns"]),
  ];
  return lost.length === 0 ? "yes" : `without ${lost.join(", ")}`;
}

/** What there is to read about a row that is wrong. */
export function verdictText({ plain, migrated }: Row): string {
  return [plain, migrated]
    .map((cell) =>
      cell === undefined
        ? "not reached"
        : [cell.said?.failure?.why ?? cell.said?.wayBack?.why, oneLine(cell.started.said.slice(-600))].join(
            "\n",
          ),
    )
    .join("\n\n");
}
