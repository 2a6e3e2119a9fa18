import type { CanaryFinding } from "./canary-finding.ts";
import { type JudgedWorkload, placeIn } from "./fleet-facts.ts";
import type { Rollout } from "./rollout.ts";
import { firstOf, quoted } from "./verdict.ts";

/** What the evidence directory itself says against what the program hands on, and whether it was read at all. */
export function logFindings(rollout: Rollout): CanaryFinding[] {
  const { workloads } = rollout.facts;
  return workloads.length === 0
    ? []
    : [...workloads.flatMap((each) => leftOut(rollout, each)), ...notRead(rollout, workloads)];
}

function leftOut(rollout: Rollout, workload: JudgedWorkload): CanaryFinding[] {
  const { log } = rollout.evidenceOf(workload);
  const what =
    log?.other !== undefined
      ? `its record ${log.other} is another one than in the evidence directory`
      : log?.leftOut !== undefined
        ? `its ${log.leftOut.kind} of ${log.leftOut.at} is in the evidence directory, and the program leaves it out`
        : undefined;
  return what === undefined
    ? []
    : [
        {
          ...{ kind: "leftOut", ...placeIn(workload, "judged.evidence"), what },
          why: "what a program leaves out may be the failure that stops it",
          write: "the program of this fleet as it is: it hands on the newest records of each kind",
        },
      ];
}

/** One line, whatever the reason. */
function notRead(rollout: Rollout, workloads: readonly JudgedWorkload[]): CanaryFinding[] {
  const { folderProblem } = rollout;
  const unread = workloads.filter((workload) => {
    const { log } = rollout.evidenceOf(workload);
    return log === undefined || log.isBehind || log.broken !== undefined;
  });
  const what =
    folderProblem !== undefined
      ? `the evidence directory was not read: ${folderProblem}`
      : unread.length > 0
        ? `the records of ${firstOf(unread.map(({ name }) => name))} in the evidence directory are damaged, or end before those of the program`
        : undefined;
  return what === undefined
    ? []
    : [
        {
          ...{ kind: "logNotRead", resource: "policy config", path: "evidenceDirectory", what },
          why: "a program could leave its newest records out",
          write: "the folder of `clawforce:evidence.directory`, and run it on the machine that updates",
        },
      ];
}

/**
 * Groups of which everything starts for the first time and nothing is on record. A program that leaves all records out
 * looks the same, so the evidence directory has to say it too, where the configuration asks for it to be read.
 */
export function unconfirmedStarts(rollout: Rollout): CanaryFinding[] {
  const { facts, namesFolder } = rollout;
  if (!namesFolder) return [];
  const unknown = facts.groups
    .map((group) => rollout.membersOf(group))
    .filter((members) => members.length > 0 && members.every((each) => isUnknown(rollout, each)))
    .flat();
  // One alone has nobody who could have gone first.
  if (unknown.length < 2) return [];
  const images = [...new Set(unknown.map(({ image }) => image))].toSorted();
  return [
    {
      ...{ kind: "unconfirmed", resource: "policy config", path: "evidenceDirectory" },
      what:
        `nothing is on record of ${firstOf(unknown.map(({ name }) => name).toSorted())}, which are to start on ` +
        `${images.length === 1 ? quoted(images[0] ?? "") : `${images.length} images`}, and the evidence directory was not read`,
      why: "a program that leaves its records out would bring a whole fleet to an image that nobody has tried",
      write:
        "the folder of `clawforce:evidence.directory`, and run it on the machine that updates; before the first start of all, make that folder",
    },
  ];
}

/** Not that it has run before, and not that the log has nothing of it. */
function isUnknown(rollout: Rollout, workload: JudgedWorkload): boolean {
  const { records, log } = rollout.evidenceOf(workload);
  return records.length === 0 && log === undefined && startsAnew(workload);
}

/** What can begin without a record: a first start, a container that is taken over, an instance of a control plane's. */
export function startsAnew({ from, move, managed, madeAnew }: JudgedWorkload): boolean {
  return from === "" || (madeAnew && (move === "adopt" || managed));
}
