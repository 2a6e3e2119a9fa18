import { shortReference } from "../../config/image-reference.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import type { RehearsalEntry } from "../evidence/records.ts";
import { validRehearsal } from "../evidence/rehearsal.ts";
import { patienceProblem } from "../rehearsal/forecast.ts";
import { forecastPause } from "../rehearsal/pause.ts";
import { type Rehearsed, rehearse } from "../rehearsal/rehearse.ts";
import { migrationPrint, rehearsalOf } from "../rehearsal/settings.ts";
import { rehearsalText } from "../rehearsal/verdict.ts";
import type { StateCopy } from "../snapshot/copy.ts";
import { leftOutOnRecord } from "../snapshot/left-out.ts";
import type { WorkloadContext } from "../workload.ts";
import { failedStep, runStep } from "./step.ts";

/**
 * Tries the new version on a copy, unless that was done before and counts still. What came of it is on record in any
 * case; it fails when the new version does not pass.
 */
export async function rehearsalStep(
  context: WorkloadContext,
  copy: StateCopy,
  rehearsed: Rehearsed,
): Promise<"passed" | "off"> {
  const { workload, log, progress } = context;
  const { enabled, maximumAge } = rehearsalOf(workload);
  if (!enabled) {
    progress("no rehearsal (clawforce:rehearsal.enabled is false): the update itself will find out");
    return "off";
  }
  const { from, to } = rehearsed;
  const wanted = { from, to, migration: migrationPrint(workload), ...leftOutOnRecord(workload) };
  const known = validRehearsal(await log.read(), wanted, maximumAge);
  if (known !== undefined) {
    progress(`its rehearsal of ${known.time} counts: ${rehearsalText(known)}`);
    // The hold may be shorter by now, or the state larger.
    const forecast = await forecastPause(context, rehearsed.coldPass, known.seconds);
    const problem = patienceProblem(workload, forecast, rehearsed.snapshot.survey);
    if (problem !== undefined) throw failedStep(context, "rehearsal", new OperationFailure(problem));
    return "passed";
  }
  await rehearseNow(context, copy, rehearsed);
  return "passed";
}

/** The same, whatever was done before. */
export function rehearseNow(
  context: WorkloadContext,
  copy: StateCopy,
  rehearsed: Rehearsed,
): Promise<RehearsalEntry> {
  return runStep(
    context,
    "rehearsal",
    async () => {
      const done = await rehearse(context, copy, rehearsed);
      const forecast = await forecastPause(context, rehearsed.coldPass, done.seconds);
      const entry = done.failure === undefined ? { ...done, forecast } : done;
      await context.log.append(entry);
      const problem =
        done.failure === undefined
          ? patienceProblem(context.workload, forecast, rehearsed.snapshot.survey)
          : failureText(done);
      if (problem !== undefined) throw new OperationFailure(problem);
      return entry;
    },
    rehearsalText,
  );
}

function failureText({ image, failure }: RehearsalEntry): string {
  const what =
    failure?.stage === "migration"
      ? "its migration fails on a copy of the state"
      : "it does not work on a copy of the state";
  return `${shortReference(image)}: ${what}: ${failure?.why}\nNothing was stopped. The copy is removed.`;
}
