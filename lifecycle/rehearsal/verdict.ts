import { formatDuration } from "../../config/units.ts";
import { isOfVersion, movedState } from "../evidence/moved-state.ts";
import type { Markers, RehearsalEntry } from "../evidence/records.ts";
import type { StateChanges } from "../evidence/rehearsal-parts.ts";
import { forecastText } from "./forecast.ts";

/** How many files that are gone are named. */
const namedFiles = 20;

/** What is known of a copy before and after the new version had it. */
export interface CopyFacts {
  before: Markers;
  after: Markers;
  /** Paths in the state that are gone. */
  gone: readonly string[];
  bytes: StateChanges["bytes"];
  configuration: StateChanges["configuration"];
}

export function changesOf({ before, after, gone, bytes, configuration }: CopyFacts): StateChanges {
  const files = gone.filter(
    (path) => isOfVersion(path) && !isLog(path) && before.databases[path] === undefined,
  );
  return {
    moves: movedState(before, after),
    configuration,
    files: { gone: files.length, first: files.slice(0, namedFiles) },
    bytes,
  };
}

/** A version throws its old logs away, and no other version misses them. */
function isLog(path: string): boolean {
  return /(^|\/)logs?\//.test(path) || path.endsWith(".log");
}

/**
 * Whether the old version can go on with what the new one leaves. That it comes up is not enough: some do on a state whose
 * jobs or sessions the new version has put elsewhere, in files or in other tables, and do not see them any more. What the new
 * version has taken out of the configuration, the old one would miss as well.
 *
 * @param failure - why it did not come up on what the new version has left; undefined: it did.
 */
export function wayBackOf(
  changes: StateChanges,
  failure: string | undefined,
): { proved: boolean; why: string } {
  if (failure !== undefined)
    return { proved: false, why: `the old version does not come up on it: ${failure}` };
  const { moves, files, configuration } = changes;
  const gone = [...files.first, ...configuration.gone.map((key) => `openclaw.json ${key}`)];
  const hidden = moves.find((move) => isHiding(move)) ?? gone.map((what) => `${what} is gone`).at(0);
  if (hidden !== undefined) {
    return { proved: false, why: `the old version comes up on it, and may not find what it had: ${hidden}` };
  }
  return { proved: true, why: "the old version comes up on what the new one leaves" };
}

/** What was there has gone elsewhere, or stands in tables that the old version does not know. */
function isHiding(move: string): boolean {
  if (move.startsWith("config stamp ")) return false;
  return / -> | is gone| has other tables|(\.migrated|\.bak) (is new|has changed)$|can't be|could not be/.test(
    move,
  );
}

/** "migration 26s, ready in 30s" */
export function timesText({ migration, start = 0 }: RehearsalEntry["seconds"]): string {
  return `${migration > 0.1 ? `migration ${formatDuration(migration)}, ` : ""}ready in ${formatDuration(start)}`;
}

/** For people: what it does to the state, how long it takes, and what a way back will take. */
export function rehearsalText({ seconds, forecast, changes, wayBack }: RehearsalEntry): string {
  return [
    forecast === undefined ? timesText(seconds) : forecastText(forecast),
    ...(changes === undefined ? [] : [changesText(changes)]),
    ...(wayBack === undefined ? [] : [wayBackText(wayBack)]),
  ].join("; ");
}

function wayBackText({ proved, why }: NonNullable<RehearsalEntry["wayBack"]>): string {
  return proved ? "going back: code only (proved)" : `going back: with the state, because ${why}`;
}

/** What the new version makes of the state. */
function changesText({ moves, configuration, files }: StateChanges): string {
  const { gone, changed } = configuration;
  const parts = [
    ...(moves.length > 0 ? [listed(moves, "; ")] : []),
    ...(gone.length > 0 ? [`gone from the configuration: ${listed(gone)}`] : []),
    ...(changed.length > 0 ? [`changed in the configuration: ${listed(changed)}`] : []),
    ...(files.gone > 0
      ? [`${files.gone === 1 ? "a file" : `${files.gone} files`} gone: ${listed(files.first)}`]
      : []),
  ];
  return parts.length === 0 ? "it leaves the state as it is" : parts.join("; ");
}

/** On one line: all of it stands on record, and in the table of `fleet rehearse`. */
function listed(names: readonly string[], between = ", "): string {
  const shown = names.slice(0, 5).join(between);
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
