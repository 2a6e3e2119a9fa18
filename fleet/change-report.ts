import { workloadsOf } from "../config/rollout.ts";
import type { StackConfig } from "../config/schema.ts";
import { checklist } from "./checklist.ts";
import { recordedMoves } from "./recorded-moves.ts";
import { type NamedMove, recordedUpdates } from "./recorded-updates.ts";
import { type ReportedWorkload, updateReport } from "./report.ts";

/** What runs in one workload at this moment; undefined: nothing. */
export interface RunsNow {
  workload: string;
  runs: { image: string; container: string; since: string } | undefined;
}

export interface ChangeReport {
  stack: string;
  config: StackConfig;
  workloads: readonly ReportedWorkload[];
  /** Or why it could not be read. */
  now: readonly RunsNow[] | { unreadable: string };
  /** Leaves out what ended before; default: all. */
  since: Date | undefined;
}

/** The whole report for a change ticket: the updates, what runs now, and the checklist of the last update. */
export function changeReport({ stack, config, workloads, now, since }: ChangeReport): string {
  const moves = movesSince(workloads, since);
  return [
    updateReport(stack, workloads, since).trimEnd(),
    "",
    "## Which digest runs now",
    "",
    ...runsNow(now),
    ...recordNotes(workloads),
    ...lastChecklist(config, moves),
    "",
  ].join("\n");
}

export function movesSince(workloads: readonly ReportedWorkload[], since: Date | undefined): NamedMove[] {
  return workloads.flatMap(({ name, records }) =>
    recordedMoves(records)
      .filter((move) => since === undefined || new Date(move.ended) >= since)
      .map((move) => ({ workload: name, move })),
  );
}

function runsNow(now: ChangeReport["now"]): string[] {
  if ("unreadable" in now) return [`Not known: ${now.unreadable}`];
  return [
    "| workload | image | container | since |",
    "| --- | --- | --- | --- |",
    ...now.map(({ workload, runs }) =>
      runs === undefined
        ? `| ${workload} | nothing |  |  |`
        : `| ${workload} | \`${runs.image}\` | \`${runs.container.slice(0, 12)}\` | ${runs.since.slice(0, 19)}Z |`,
    ),
  ];
}

/** What a reader of this report must know of the records that it is made of. */
function recordNotes(workloads: readonly ReportedWorkload[]): string[] {
  const notes = workloads.flatMap(({ name, records, refused }) => [
    ...(refused === undefined ? [] : [`- ${name}: ${refused}`]),
    ...records.flatMap((record) => {
      if (record.kind === "repaired") {
        const lost = record.lost === 1 ? "1 line counts" : `${record.lost} lines count`;
        return [
          `- ${name}: repaired at ${record.time}: ${record.what}; ${lost} no longer, see ${record.file}`,
        ];
      }
      return record.kind === "begun" && record.because !== undefined
        ? [`- ${name}: its records begin at ${record.time} with what ran: ${record.because}`]
        : [];
    }),
  ]);
  return notes.length === 0 ? [] : ["", "## The records themselves", "", ...notes];
}

function lastChecklist(config: StackConfig, moves: readonly NamedMove[]): string[] {
  const updates = recordedUpdates(moves);
  const at = updates.findLastIndex(({ kind }) => kind === "update");
  const update = updates[at];
  if (update === undefined) return [];
  const checks = new Map(workloadsOf(config).map(({ name, verification }) => [name, verification]));
  return [
    "",
    `## Checklist of update ${at + 1}`,
    "",
    ...checklist({ update, later: updates.slice(at + 1), config, checks }),
  ];
}
