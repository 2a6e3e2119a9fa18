import { formatBytes, formatDuration } from "../config/units.ts";
import type { RehearsalEntry } from "../lifecycle/evidence/records.ts";
import type { StateChanges } from "../lifecycle/evidence/rehearsal-parts.ts";
import { timesText } from "../lifecycle/rehearsal/verdict.ts";
import { tableLines } from "./table.ts";

/** Lines for people: what a version that passed does to a state, each thing in a row of its own. */
export function rehearsalTable({
  seconds,
  forecast,
  ownForecasts = [],
  changes,
  wayBack,
}: RehearsalEntry): string[] {
  const pause = forecast === undefined ? "" : `, a pause of about ${formatDuration(forecast.total)}`;
  const rows = changes === undefined ? [] : changeRows(changes);
  return [
    `${timesText(seconds)}${pause}`,
    ...(rows.length === 0 ? [] : tableLines(["what", "before", "after"], rows)),
    ...ownForecasts.map(({ of, says }) => `it said of ${of}: ${says}`),
    ...(wayBack === undefined
      ? []
      : [`going back: ${wayBack.proved ? "code only (proved)" : "with the state"}: ${wayBack.why}`]),
  ].map((line) => `  ${line}`);
}

function changeRows({ moves, configuration, files, bytes }: StateChanges): string[][] {
  const more = files.gone - files.first.length;
  return [
    ...moves.map(moveRow),
    ...configuration.gone.map((key) => [`openclaw.json ${key}`, "there", "gone"]),
    ...configuration.changed.map((key) => [`openclaw.json ${key}`, "", "has changed"]),
    ...files.first.map((file) => [file, "there", "gone"]),
    ...(more > 0 ? [[`${more} more files`, "there", "gone"]] : []),
    ["bytes", formatBytes(bytes.before), formatBytes(bytes.after)],
  ];
}

/** "memory/main.sqlite 1 -> 2" and "state/openclaw.sqlite is new" as rows. */
function moveRow(move: string): string[] {
  const [, what, before, after] = /^(.+) (\S+) -> (\S+)$/.exec(move) ?? [];
  if (what !== undefined && before !== undefined && after !== undefined) return [what, before, after];
  const [, path, did] = /^(.+?) ((?:is|has|can't|could not|schema_meta) .+)$/.exec(move) ?? [];
  return path === undefined || did === undefined ? [move, "", ""] : [path, "", did];
}
