import { shortReference } from "../config/image-reference.ts";
import { formatBytes, formatDuration } from "../config/units.ts";
import type {
  CheckResult,
  CutOverEntry,
  EvidenceRecord,
  MigrationEntry,
  RehearsalEntry,
  RestoreEntry,
  SnapshotEntry,
} from "../lifecycle/evidence/records.ts";
import { rehearsalText } from "../lifecycle/rehearsal/verdict.ts";
import { stayedText } from "../lifecycle/snapshot/restore.ts";
import { surveyLines } from "../lifecycle/snapshot/survey.ts";
import { pauseOf, pauseText, stepsOf } from "./move-steps.ts";
import { type RecordedMove, recordedMoves } from "./recorded-moves.ts";
import { type RecordedUpdate, recordedUpdates } from "./recorded-updates.ts";

export interface ReportedWorkload {
  name: string;
  records: readonly EvidenceRecord[];
  /** Why an update leaves it as it is, as a phrase. */
  refused?: string;
}

/**
 * What the records say of the updates of a stack, as Markdown for a change ticket.
 *
 * @param since leaves out the moves that ended before; default: all.
 */
export function updateReport(stack: string, workloads: readonly ReportedWorkload[], since?: Date): string {
  const reported = workloads.map(({ name, records }) => ({
    name,
    moves: recordedMoves(records).filter((move) => since === undefined || new Date(move.ended) >= since),
  }));
  const all = reported.flatMap(({ name, moves }) => moves.map((move) => ({ workload: name, move })));
  if (all.length === 0) {
    return `# Updates of ${stack}\n\nNothing is on record.\n`;
  }
  return [
    `# Updates of ${stack}`,
    "",
    totals(
      all.map(({ move }) => move),
      workloads.length,
    ),
    "",
    ...recordedUpdates(all).flatMap(updateSection),
    ...reported
      .filter(({ moves }) => moves.length > 0)
      .flatMap(({ name, moves }) => ["", `## ${name}`, ...moves.flatMap(moveSection)]),
    "",
  ].join("\n");
}

/** What was done in one go, one row a workload. */
function updateSection(update: RecordedUpdate, index: number): string[] {
  return [
    ...(index === 0 ? [] : [""]),
    `## ${index + 1}. ${title(update)}`,
    "",
    ...table(
      ["workload", "from", "to", "began", "took", "paused", "verdict"],
      update.moves.map(({ workload, move }) => [
        workload,
        move.from === undefined ? "" : shortReference(move.from),
        shortReference(move.to),
        `${move.began.slice(0, 19)}Z`,
        formatDuration(secondsOf(move)),
        pauseText(move),
        move.verdict,
      ]),
    ),
  ];
}

function totals(moves: readonly RecordedMove[], workloads: number): string {
  const verdicts = (["passed", "failed", "inconclusive"] as const)
    .map((verdict) => ({ verdict, count: moves.filter((move) => move.verdict === verdict).length }))
    .filter(({ count }) => count > 0)
    .map(({ verdict, count }) => `${count} ${verdict}`);
  const cutOvers = moves.flatMap(({ cutOver }) => cutOver ?? []);
  const cut = cutOvers.reduce((sum, { drained }) => sum + drained.cut, 0);
  const killed = cutOvers.filter(({ stop }) => stop.killed).length;
  const restores = moves.filter(({ restore }) => restore !== undefined).length;
  const began = moves.map((move) => move.began).toSorted()[0] ?? "";
  const ended =
    moves
      .map((move) => move.ended)
      .toSorted()
      .at(-1) ?? "";
  return [
    `- time: ${began} to ${ended} (${formatDuration(between(began, ended))})`,
    `- ${counted(workloads, "workload")}, ${counted(moves.length, "move")}: ${verdicts.join(", ")}`,
    `- ${counted(cutOvers.length, "cut-over")}: ${counted(cut, "unit")} of active work cut, ${counted(killed, "gateway")} killed, ${counted(restores, "state")} set back`,
  ].join("\n");
}

function moveSection(move: RecordedMove): string[] {
  const checks = [
    ...(move.gate?.checks ?? []).map((check) => ({ stage: "gate", check })),
    ...(move.verification?.checks ?? []).map((check) => ({ stage: "verification", check })),
  ];
  return [
    "",
    `### ${title(move)}: ${move.verdict}`,
    "",
    ...facts(move).map(([word, fact]) => `- ${word}: ${fact}`),
    ...(checks.length === 0
      ? []
      : [
          "",
          ...table(
            ["stage", "check", "outcome", "seconds", "attempts", "seen"],
            checks.map(({ stage, check }) => checkRow(stage, check)),
          ),
        ]),
  ];
}

function title(move: Pick<RecordedMove, "kind" | "to">): string {
  const to = shortReference(move.to);
  switch (move.kind) {
    case "first start":
      return `First start on ${to}`;
    case "adoption":
      return `Adopted on ${to}`;
    case "given up":
      return `Adoption given up: the container of before runs ${to} again`;
    case "update":
      return `Update to ${to}`;
    case "change":
      return `Change of settings on ${to}`;
    case "back":
      return `Back to ${to}`;
    case "recreated":
      return `Recreated on ${to}`;
    case "prepared":
      return `Prepared, not cut over: goes on with ${to}`;
    case "brought back":
      return `Brought back on ${to}`;
  }
}

/** Every line stands only for what is on record: what was not done is said where a reader would miss it. */
function facts(move: RecordedMove): [string, string][] {
  const { hot, rehearsal, stopped, migration, cutOver, restore, gate, verification, failure } = move;
  return [
    ...only("from", move.from && code(move.from)),
    ...only("container of before", cutOver?.stranger && code(cutOver.stranger.name)),
    ["to", code(move.to)],
    ...only("settings", cutOver?.changes && oneLine(cutOver.changes.join(", "))),
    ["time", `${move.began} to ${move.ended}`],
    ...only("hot snapshot", hot && snapshotFact(hot)),
    ...only("before the update", hot?.survey && surveyLines(hot.survey).join("; ")),
    ...only("drill", hot && drillFact(move)),
    ...only("rehearsal", rehearsal && rehearsalFact(rehearsal)),
    ...only("drained", cutOver && drainFact(cutOver)),
    ...only("stop", cutOver && stopFact(cutOver)),
    ...only(
      stopped?.role === "pre-restore" ? "pre-restore snapshot" : "cold snapshot",
      stopped && snapshotFact(stopped),
    ),
    ...only("migration", migration && migrationFact(migration)),
    ...only(
      "state",
      restore
        ? `set back to snapshot ${code(restore.snapshot.slice(0, 8))} in ${formatDuration(restore.seconds)}; ${restore.reason}${leftFact(restore)}`
        : cutOver && "kept, nothing restored",
    ),
    ...only("pause", pauseFact(move)),
    ...only("gate", gate && `${gate.outcome}, ${counted(gate.checks.length, "check")}`),
    ...only(
      "verification",
      verification
        ? `${verification.outcome}, ${counted(verification.checks.length, "check")} in ${formatDuration(verification.seconds)}`
        : (gate ?? cutOver) && "none on record",
    ),
    ...only(
      "container",
      (verification ?? gate) && code((verification ?? gate)?.container.slice(0, 12) ?? ""),
    ),
    ...only("steps", stepsFact(move)),
    ...only("brought back", move.broughtBack.length > 0 && move.broughtBack.join("; ")),
    ...only("failure", failure && `in the step ${failure.step}: ${oneLine(failure.message)}`),
  ];
}

/** What a restore did not set back, because the snapshot and the state have other places. */
function leftFact({ left = [], unnamed = [], stayed }: RestoreEntry): string {
  return [
    ...(stayed === undefined ? [] : [`; ${stayedText(stayed)}`]),
    ...left.map((place) => `; ${code(place)} stayed as it was: the snapshot has nothing of it`),
    ...unnamed.map((place) => `; ${code(place)} of the snapshot is state no more, and was not restored`),
  ].join("");
}

/** How long each step took, as a picture shows it: what has no length on record is left out. */
function stepsFact(move: RecordedMove): string {
  return stepsOf(move)
    .filter(({ name }) => name !== "failure")
    .map(({ name, began, ended }) => `${name} ${formatDuration((ended - began) / 1000)}`)
    .join(", ");
}

function only(word: string, fact: string | false | undefined): [string, string][] {
  return fact === undefined || fact === false || fact === "" ? [] : [[word, fact]];
}

function snapshotFact(snapshot: SnapshotEntry): string {
  const taken = `${counted(snapshot.files, "file")}, ${formatBytes(snapshot.bytes)}, taken in ${formatDuration(snapshot.seconds)}`;
  const places = Object.keys(snapshot.places ?? {}).map(code);
  const also = places.length === 0 ? "" : `, with ${places.join(" and ")}`;
  const without = (snapshot.leftOut ?? []).map(code).join(" and ");
  return `${code(snapshot.snapshot.slice(0, 8))}, ${taken}${also}${without && `, without ${without}`}`;
}

function drillFact({ drill, kind }: RecordedMove): string {
  if (drill !== undefined) return `passed in ${formatDuration(drill.seconds)}`;
  return kind === "back" ? "not needed on the way back" : "none on record";
}

/** What it was, beside what its rehearsal had said. */
function pauseFact(move: RecordedMove): string | undefined {
  const pause = pauseOf(move);
  const forecast = move.rehearsal?.forecast?.total;
  if (pause === undefined || forecast === undefined) return undefined;
  const seconds = Math.max(0.1, (pause.ended - pause.began) / 1000);
  const error = Math.round((forecast / seconds - 1) * 100);
  return `${formatDuration(seconds)}; forecast ${formatDuration(forecast)} (${error >= 0 ? "+" : ""}${error} %)`;
}

function rehearsalFact(rehearsal: RehearsalEntry): string {
  const { outcome, failure } = rehearsal;
  return failure === undefined
    ? `${outcome}: ${rehearsalText(rehearsal)}`
    : `failed: ${oneLine(failure.why)}`;
}

function migrationFact({ outcome, steps, seconds }: MigrationEntry): string {
  const commands = steps.map(
    ({ command, exitCode }) =>
      `${code(command.join(" "))} (exit code ${exitCode ?? "none: killed at its deadline"})`,
  );
  return `${outcome} in ${formatDuration(seconds)}: ${commands.join(", ")}`;
}

function drainFact({ drained }: CutOverEntry): string {
  if (drained.active === 0) return "no active work";
  const ended = drained.active - drained.cut;
  return `${ended} of ${counted(drained.active, "unit")} of active work ended in ${formatDuration(drained.seconds)}, ${drained.cut} cut`;
}

function stopFact({ stop }: CutOverEntry): string {
  const took = formatDuration(stop.seconds);
  return stop.killed ? `killed after ${took}: it did not end by itself` : `ended by itself in ${took}`;
}

function checkRow(stage: string, check: CheckResult): string[] {
  return [
    stage,
    check.name,
    check.severity === "warning" ? `${check.outcome} (a warning only)` : check.outcome,
    String(check.seconds),
    String(check.attempts),
    check.detail,
  ];
}

function table(head: string[], rows: string[][]): string[] {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`);
}

/** A gateway's words must not break the table. */
function cell(text: string): string {
  return oneLine(text).replaceAll("|", "\\|");
}

function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, " ");
}

function code(text: string): string {
  return `\`${text}\``;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function secondsOf(move: RecordedMove): number {
  return between(move.began, move.ended);
}

function between(began: string, ended: string): number {
  return (new Date(ended).getTime() - new Date(began).getTime()) / 1000;
}
