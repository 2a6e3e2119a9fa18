import type { RehearsalEntry, SnapshotEntry } from "../evidence/records.ts";
import type { Forecast } from "../evidence/rehearsal-parts.ts";
import { measureColdPass } from "../snapshot/take.ts";
import type { WorkloadContext } from "../workload.ts";
import { coldPassEstimate, forecastOf, isClose, patienceProblem } from "./forecast.ts";

/** The cold snapshot of an update to come. */
export interface ColdPass {
  /** The hot one of the same state. */
  hot: SnapshotEntry;
  /** How long it takes now, in seconds; tried once. */
  measured: () => Promise<number>;
}

export function coldPassAfter(context: WorkloadContext, hot: SnapshotEntry): ColdPass {
  let begun: Promise<number> | undefined;
  return {
    hot,
    measured: () => {
      begun ??= measureColdPass(context, hot);
      return begun;
    },
  };
}

/**
 * How long its requests will wait. What the cold snapshot takes is estimated, and measured where it matters: that takes as
 * long as the snapshot itself, while the workload serves.
 */
export async function forecastPause(
  context: WorkloadContext,
  { hot, measured }: ColdPass,
  seconds: RehearsalEntry["seconds"],
): Promise<Forecast> {
  const records = await context.log.read();
  const estimate = forecastOf(records, seconds, coldPassEstimate(records, hot));
  return isClose(context.workload, estimate) ? forecastOf(records, seconds, await measured()) : estimate;
}

/** Why the state alone is too large for the hold, whatever a new version takes; undefined: it is not. */
export async function stateProblem(
  context: WorkloadContext,
  coldPass: ColdPass,
): Promise<string | undefined> {
  const forecast = await forecastPause(context, coldPass, { migration: 0 });
  return patienceProblem(context.workload, forecast, coldPass.hot.survey);
}
