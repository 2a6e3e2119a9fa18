import type { Marked } from "../platforms/platform.ts";
import { tableLines } from "./table.ts";
import { ageOf, shortImage, type WorkloadStatus } from "./workload-status.ts";

export interface StackStatus {
  stack: string;
  host: string;
  /** ISO 8601: when this was read. */
  time: string;
  asWanted: boolean;
  workloads: WorkloadStatus[];
  /** Containers with this stack's label that the configuration does not know. */
  notInConfiguration: Marked[];
}

const header = ["WORKLOAD", "RUNS", "SINCE", "RESTARTS", "HEALTH", "BEFORE", "VERIFICATION", "AS WANTED"];

/** The status for a human eye: the table, a line for each difference, and a closing line. */
export function statusLines(status: StackStatus): string[] {
  const now = new Date(status.time);
  const differing = status.workloads.filter(({ differences }) => differences.length > 0);
  return [
    ...tableLines(
      header,
      status.workloads.map((workload) => row(workload, now)),
    ),
    ...differing.flatMap(({ name, differences }) => differences.map((each) => `  ${name}: ${each}`)),
    ...status.notInConfiguration.map(
      ({ name, image, status: since }) =>
        `  ${name}: not in the configuration (${shortImage(image)}, ${since})`,
    ),
    closingLine(status, differing.length),
  ];
}

function row({ name, running, before, verification, differences }: WorkloadStatus, now: Date): string[] {
  return [
    name,
    running === null ? "nothing" : shortImage(running.image),
    running === null ? "" : ageOf(running.since, now),
    running === null ? "" : String(running.restarts),
    running === null ? "missing" : running.health,
    before === null ? "none" : shortImage(before),
    verification === null ? "none" : `${verification.outcome} ${ageOf(verification.time, now)} ago`,
    differences.length === 0 ? "yes" : "no",
  ];
}

function closingLine({ stack, workloads, notInConfiguration }: StackStatus, differing: number): string {
  const count = workloads.length === 1 ? "1 workload" : `${workloads.length} workloads`;
  const extra =
    notInConfiguration.length === 0
      ? ""
      : `, ${notInConfiguration.length} more ${notInConfiguration.length === 1 ? "is" : "are"} not in it`;
  return differing === 0
    ? `${stack}: ${count}, all as the configuration wants${extra}.`
    : `${stack}: ${differing} of ${count} not as the configuration wants${extra}.`;
}
