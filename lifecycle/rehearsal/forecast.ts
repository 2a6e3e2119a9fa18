import { formatDuration } from "../../config/units.ts";
import { lastColdPass } from "../evidence/cold-pass.ts";
import type { EvidenceRecord, RehearsalEntry, SnapshotEntry } from "../evidence/records.ts";
import type { Forecast } from "../evidence/rehearsal-parts.ts";
import type { Workload } from "../workload.ts";

/**
 * How long the workload will answer nothing, in seconds: what the rehearsal took, and for the rest what its last cut-over
 * took. A first one knows no cold snapshot and no gate: then the hot one counts, which takes longer.
 */
export function forecastOf(
  records: readonly EvidenceRecord[],
  { seconds }: Pick<RehearsalEntry, "seconds">,
  hot: Pick<SnapshotEntry, "seconds">,
): Forecast {
  const cutOver = records.findLast(({ kind }) => kind === "cut-over");
  const gate = records.findLast((record) => record.kind === "gate" && record.outcome === "passed");
  const parts = {
    stop: cutOver?.kind === "cut-over" ? cutOver.stop.seconds : 0,
    copy: lastColdPass(records) ?? hot.seconds,
    migration: seconds.migration,
    start: seconds.start ?? 0,
    gate: gate?.kind === "gate" ? gate.checks.reduce((sum, { seconds: each }) => sum + each, 0) : 0,
  };
  const total = Object.values(parts).reduce((sum, each) => sum + each, 0);
  return { ...parts, total: Math.round(total * 10) / 10 };
}

/** "a pause of about 52s: stop 2s, copy 4s, migration 26s, start 20s" */
export function forecastText({ total, ...parts }: Forecast): string {
  const named = Object.entries(parts).filter(([, seconds]) => seconds >= 0.1);
  const list = named.map(([name, seconds]) => `${name} ${formatDuration(seconds)}`).join(", ");
  return `a pause of about ${formatDuration(total)}${list === "" ? "" : `: ${list}`}`;
}

/** Why the update would not wait as long as the new version takes; undefined: nothing in the configuration is shorter. */
export function patienceProblem(
  workload: Pick<Workload, "ingress" | "healthWait">,
  forecast: Forecast,
): string | undefined {
  return startProblem(workload, forecast) ?? holdProblem(workload, forecast);
}

/** A rehearsal has its own deadline: what is ready in it may not be in time for the update. */
function startProblem({ healthWait }: Pick<Workload, "healthWait">, { start }: Forecast): string | undefined {
  if (start <= healthWait) return undefined;
  return (
    `the new version took ${formatDuration(start)} to become healthy on the copy, but an update waits ${formatDuration(healthWait)} for it and then goes back. ` +
    "Make `container.health.wait` longer."
  );
}

/** Why requests would not wait as long as the pause will take; undefined: they do, or nothing holds them. */
function holdProblem({ ingress }: Pick<Workload, "ingress">, forecast: Forecast): string | undefined {
  if (ingress === undefined || forecast.total <= ingress.hold) return undefined;
  return (
    `its requests would wait for ${formatDuration(ingress.hold)} at most and then be answered with 503, but the rehearsal forecasts ${forecastText(forecast)}. ` +
    "Make clawforce:ingress.hold longer, or update it when nobody asks."
  );
}
