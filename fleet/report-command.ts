import { workloadsOf } from "../config/rollout.ts";
import { EvidenceDamaged } from "../lifecycle/evidence/failure.ts";
import { EvidenceKeys } from "../lifecycle/evidence/keys.ts";
import { EvidenceLog } from "../lifecycle/evidence/log.ts";
import { changeReport } from "./change-report.ts";
import { type Command, CommandFailure } from "./command.ts";
import type { ReportedWorkload } from "./report.ts";
import { readRunsNow } from "./runs-now.ts";
import { configOf } from "./stack.ts";

export const report: Command = {
  name: "report",
  summary: "what was run, checked and decided, as Markdown for a change ticket",
  help: `
Prints the updates with their times and checks, which digest runs now, and the checklist for the change ticket. Each line
of the checklist is ticked with its evidence, or left to a person. Reads the stack file, the records in the evidence
directory and the platform. If the platform does not answer, it says so and prints the rest.

Exit code 0: printed. 1: it could not be read.`,
  flags: {
    since: {
      type: "string",
      value: "TIME",
      does: "only what ended at or after this time: 2026-11-21 or 2026-11-21T12:00Z",
    },
  },
  async run({ stack, configFile, flags, out }) {
    const since = timeOf(flags.since);
    const config = configOf({ stack, configFile });
    const keys = new EvidenceKeys(config.evidence);
    const workloads = await Promise.all(
      workloadsOf(config).map(({ name }) =>
        reportedOf(name, new EvidenceLog(config.evidence.directory, stack, name, keys)),
      ),
    );
    const now = await readRunsNow(config, stack);
    out.write(changeReport({ stack, config, workloads, now, since }));
    return 0;
  },
};

/** Damaged records prove nothing, so nothing of them is reported but that. */
async function reportedOf(name: string, log: EvidenceLog): Promise<ReportedWorkload> {
  try {
    return { name, records: await log.read() };
  } catch (error) {
    if (!(error instanceof EvidenceDamaged)) throw error;
    return { name, records: [], refused: `its records are damaged: ${error.what}` };
  }
}

function timeOf(text: string | boolean | undefined): Date | undefined {
  if (typeof text !== "string") {
    return undefined;
  }
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) {
    throw new CommandFailure(
      `--since ${JSON.stringify(text)} is no time. Write 2026-11-21 or 2026-11-21T12:00Z.`,
    );
  }
  return time;
}
