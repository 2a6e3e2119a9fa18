import { formatBytes, formatDuration } from "../../config/units.ts";
import { lastCold } from "../evidence/cold-pass.ts";
import type { EvidenceRecord, RehearsalEntry, SnapshotEntry } from "../evidence/records.ts";
import type { Forecast } from "../evidence/rehearsal-parts.ts";
import type { StateSurvey } from "../evidence/state-survey.ts";
import { folderText } from "../snapshot/survey.ts";
import type { Workload } from "../workload.ts";

/** How many times as long an estimate may turn out: from there on what it rests on is measured. */
const doubt = 2;

/**
 * How long the workload will answer nothing, in seconds: what the rehearsal took, and for the rest what its last cut-over
 * took.
 *
 * @param copy - what the cold snapshot takes, with its check.
 */
export function forecastOf(
  records: readonly EvidenceRecord[],
  seconds: RehearsalEntry["seconds"],
  copy: number,
): Forecast {
  const cutOver = records.findLast(({ kind }) => kind === "cut-over");
  const gate = records.findLast((record) => record.kind === "gate" && record.outcome === "passed");
  const parts = {
    stop: cutOver?.kind === "cut-over" ? cutOver.stop.seconds : 0,
    copy,
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

/**
 * Why the update would not wait as long as the new version takes; undefined: nothing in the configuration is shorter.
 *
 * @param survey - what is copied meanwhile.
 */
export function patienceProblem(
  workload: Pick<Workload, "ingress" | "healthWait">,
  forecast: Forecast,
  survey?: StateSurvey,
): string | undefined {
  return startProblem(workload, forecast) ?? holdProblem(workload, forecast, survey);
}

/** A rehearsal has its own deadline: what is ready in it may not be in time for the update. */
function startProblem({ healthWait }: Pick<Workload, "healthWait">, { start }: Forecast): string | undefined {
  if (start <= healthWait) return undefined;
  return (
    `the new version took ${formatDuration(start)} to become healthy on the copy, but an update waits ${formatDuration(healthWait)} for it and then goes back. ` +
    "Make `container.health.wait` longer."
  );
}

/**
 * What the cold snapshot of a state takes with its check, in seconds: as the last one, and longer where the state has grown,
 * though not longer than the hot one that was just taken. Before the first one that counts alone.
 */
export function coldPassEstimate(
  records: readonly EvidenceRecord[],
  hot: Pick<SnapshotEntry, "files" | "bytes" | "seconds">,
): number {
  const cold = lastCold(records);
  if (cold === undefined) return hot.seconds;
  const growth = Math.max(hot.files / (cold.files || 1), hot.bytes / (cold.bytes || 1));
  return Math.max(cold.seconds, Math.min(cold.seconds * growth, hot.seconds));
}

/** Whether a pause may come to what its requests wait for at most. */
export function isClose({ ingress }: Pick<Workload, "ingress">, { total }: Pick<Forecast, "total">): boolean {
  return ingress !== undefined && total * doubt > ingress.hold;
}

/** Why requests would not wait as long as the pause will take; undefined: they do, or nothing holds them. */
function holdProblem(
  { ingress }: Pick<Workload, "ingress">,
  forecast: Forecast,
  survey?: StateSurvey,
): string | undefined {
  if (ingress === undefined || forecast.total <= ingress.hold) return undefined;
  const isState = survey !== undefined && forecast.copy > forecast.total / 2;
  return (
    `its requests would wait for ${formatDuration(ingress.hold)} at most and then be answered with 503. The forecast is ${forecastText(forecast)}. ` +
    (isState
      ? stateAdvice(forecast, ingress.hold, survey)
      : "Make clawforce:ingress.hold longer, or update it when nobody asks.")
  );
}

/** Where most of what is copied is, and what there is to do about it. */
function stateAdvice(
  { total, copy }: Forecast,
  hold: number,
  { entries, bytes, folders }: StateSurvey,
): string {
  const fit = twoDigits((entries * (hold - (total - copy))) / copy);
  return (
    `Most of it is the copy of ${entries} entries, ${formatBytes(bytes)}${fit > 0 ? `; about ${fit} entries would fit` : ""}. ` +
    (folders.length > 0 ? `The largest folders are ${folders.map(folderText).join(", ")}. ` : "") +
    "Leave what may be lost out with clawforce:snapshots.exclude, remove it, or make clawforce:ingress.hold longer."
  );
}

/** Rounded down to two digits: an estimate is no more exact. */
function twoDigits(count: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(count, 1))) - 1);
  return Math.max(0, Math.floor(count / unit) * unit);
}
