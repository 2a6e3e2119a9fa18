import { shortReference } from "../../config/image-reference.ts";
import { keptName } from "../../config/kept-container.ts";
import type { StackConfig } from "../../config/schema.ts";
import { withKnownValues } from "../../config/secret-values.ts";
import { formatDuration } from "../../config/units.ts";
import type { Move, RestorePlan } from "../evidence/move.ts";
import { refusalText, unjudgedSince } from "../evidence/refusal.ts";
import { validRehearsal } from "../evidence/rehearsal.ts";
import { lastMade } from "../evidence/settings.ts";
import { migrationPrint, rehearsalOf } from "../rehearsal/settings.ts";
import { rehearsalText } from "../rehearsal/verdict.ts";
import { leftOutOnRecord } from "../snapshot/left-out.ts";
import { describeUnknownReleases } from "./evidence-facts.ts";
import { interruptedRestore } from "./interrupted.ts";
import type { PutOff, Situation } from "./situation.ts";

/** What a preview says of an update: what becomes of each workload, and what the records do not tell of it. */
export function describeUpdate(config: StackConfig, situations: readonly Situation[]): string[] {
  return [
    ...describePlan(situations),
    ...describeUnrecorded(situations),
    ...describeUnknownReleases(config, situations),
  ];
}

/** One line for each workload that the update changes. */
export function describePlan(workloads: readonly Situation[], now: Date = new Date()): string[] {
  return workloads.flatMap((workload) => {
    const { input, orderProblem, refused } = workload;
    const line = describeMove(workload, now);
    return [
      ...(refused === undefined ? [] : [refusalText(input.name, refused)]),
      ...[
        ...(line === undefined
          ? []
          : [`${finishClause(workload)}${line}${pauseClause(workload, workloads)}`]),
        ...(orderProblem === undefined ? [] : [orderProblem]),
        ...besides(workload),
      ].map((each) => `${input.name}: ${each}`),
    ];
  });
}

/** Half a state can't be left: what was begun is finished, and what this update is for comes after it. */
function finishClause({ observed, journal }: Situation): string {
  const restore = observed === undefined && journal !== undefined ? interruptedRestore(journal) : undefined;
  return restore === undefined
    ? ""
    : `the interrupted restore of snapshot ${restore.snapshot.slice(0, 8)} is finished first; then: `;
}

/** Said until it is on record what each container was made with: nothing can be held back before. */
export function describeUnrecorded(workloads: readonly Situation[]): string[] {
  const there = workloads.filter(({ config, observed }) => !config.managed && observed !== undefined);
  const without = there.filter(({ records }) => !lastMade(records)).map(({ input }) => input.name);
  const values = there.filter(learnsValues).map(({ input }) => input.name);
  return [
    ...(without.length === 0
      ? []
      : [
          `${without.join(", ")}: the settings of ${without.length === 1 ? "its container are" : "their containers are"} not on record yet; this update writes them down. ` +
            "If you changed `container` or `stopGrace` since the last update, take that back first. Otherwise all instances get it at once.",
        ]),
    ...(values.length === 0
      ? []
      : [
          `${values.join(", ")}: nothing is on record yet of the values of ${values.length === 1 ? "its" : "their"} secrets; this update writes it down. ` +
            "If you set a new value since the last update, set the old one again first. Otherwise all instances get the new one at once.",
        ]),
  ];
}

/** Whether more is known now of the values of its secrets than on record. */
function learnsValues({ records, made }: Situation): boolean {
  const before = lastMade(records)?.later;
  if (before === undefined) return false;
  const known = withKnownValues(before, made.later);
  if (known.tokenValue !== before.tokenValue) return true;
  return (["secretValues", "instanceSecretValues"] as const).some(
    (values) => Object.keys(known[values] ?? {}).length > Object.keys(before[values] ?? {}).length,
  );
}

/** What changes of a workload without another container, and what does not change yet. */
function besides({ records, made, waits, network, observed }: Situation): string[] {
  const before = lastMade(records);
  const isOther = before !== undefined && before.memory !== made.memory && made.later.memory === undefined;
  const isCutOff =
    network?.id !== undefined && observed?.networkOf !== undefined && observed.networkOf !== network.id;
  return [
    ...(isCutOff
      ? [`${network.owner} was made anew, and has taken its network: its container is made anew as well`]
      : []),
    ...(isOther ? ["container.memory changes in place: its container goes on"] : []),
    ...(waits === undefined ? [] : [`keeps its settings until ${waits.until} (${waits.changes.join(", ")})`]),
  ];
}

/** Who comes in through the control plane waits with it. */
function pauseClause({ config, move }: Situation, all: readonly Situation[]): string {
  const through = all.filter((each) => each.config.managed === true).map(({ input }) => input.name);
  const pauses = move.kind !== "first" && move.kind !== "none";
  return config.track === "control-plane" && pauses && through.length > 0
    ? `; ${through.join(", ")} can't be reached through it meanwhile`
    : "";
}

function describeMove(
  { input, move, observed, records, journal, hold, putOff, refused, logCommand }: Situation,
  now: Date,
): string | undefined {
  switch (move.kind) {
    case "first":
      return `first start on ${shortReference(move.to)}`;
    case "adopt":
      return `adopt ${move.stranger.name} on ${shortReference(move.to)}: it is stopped after a preparation, and ${
        move.stranger.beside === undefined ? `kept as ${keptName(input.name)}` : "changed in its place"
      }`;
    case "forward":
      return `update ${shortReference(move.from)} -> ${shortReference(move.to)}${changesClause(move)}${restoreClause(move.restore, now)}${rehearsalClause(input, move, records, now)}`;
    case "change":
      return `${move.back ? "back to settings that it has passed on," : "change of settings"} on ${shortReference(move.to)}${changesClause(move)}`;
    case "back":
      return `back ${shortReference(move.from)} -> ${shortReference(move.to)}${changesClause(move)}, ${
        move.restore === undefined
          ? keptStateClause(input, move)
          : `with its state${restoreClause(move.restore, now)}`
      }`;
    case "restore":
      return `its state is set back${changesClause(move)}${restoreClause(move.restore, now)}`;
    case "none":
      if (putOff !== undefined) {
        return leftAlone({ input, logCommand }, putOff);
      }
      if (observed !== undefined && observed.state !== "running") {
        return input.managed === true
          ? `is ${observed.state}: its control plane has to start it`
          : `is ${observed.state} and is brought back`;
      }
      if (journal !== undefined) {
        return "an update of it was interrupted: it is brought back";
      }
      if (unjudgedSince(records) !== undefined && refused === undefined) {
        return "its records began anew: it stays as it is, and its gate and its checks run once more";
      }
      return hold === undefined
        ? undefined
        : "its requests are held: they are let in once it has passed its gate";
  }
}

/** What is wrong with a workload that a way back does not move, and what to do about it afterwards. */
function leftAlone(
  { input: { stack }, logCommand }: Pick<Situation, "input" | "logCommand">,
  { why }: PutOff,
): string {
  return (
    `${why} and is left as it is: the way back of the others does not wait for it. ` +
    `Afterwards: \`${logCommand}\`, then \`pulumi up --stack ${stack}\``
  );
}

/** Code alone, unless the old version turns out not to come up so: its own state is there for that. */
function keptStateClause(
  { managed }: Pick<Situation["input"], "managed">,
  { release, proved }: Extract<Move, { kind: "back" }>,
): string {
  const snapshot = managed === true ? release.snapshot : release.snapshot.slice(0, 8);
  const known = proved === undefined ? "" : " (its rehearsal has proved that)";
  return `its state stays as it is${known}; ${snapshot} is restored if the old version can't work with it`;
}

/** What is known of a new version before the update, and what a way back from it would take. */
function rehearsalClause(
  input: Situation["input"],
  { from, to }: { from: string; to: string },
  records: Situation["records"],
  now: Date,
): string {
  const { enabled, maximumAge } = rehearsalOf(input);
  if (input.managed === true || !enabled) return "";
  const wanted = { from, to, migration: migrationPrint(input), ...leftOutOnRecord(input) };
  const known = validRehearsal(records, wanted, maximumAge, now);
  return known === undefined
    ? "; not rehearsed yet: its preparation does it"
    : `; rehearsed at ${known.time}: ${rehearsalText(known)}`;
}

/** What an update changes of a workload's settings, in brackets. */
export function changesClause(move: Move): string {
  const changes = "changes" in move ? (move.changes ?? []) : [];
  return changes.length === 0 ? "" : ` (${changes.join(", ")})`;
}

function restoreClause(restore: RestorePlan | undefined, now: Date): string {
  if (restore === undefined) {
    return "";
  }
  const why = restore.moved.length > 0 ? ` (${restore.moved.join(", ")})` : "";
  const age = Math.round((now.getTime() - new Date(restore.takenAt).getTime()) / 1000);
  const lost = Number.isFinite(age)
    ? `, which takes back what was written in the ${formatDuration(age)} since then`
    : "";
  const left = restore.left ?? [];
  const kept =
    left.length === 0 ? "" : `; ${left.join(", ")} stays as it is: that snapshot has nothing of it`;
  return `: snapshot ${restore.snapshot.slice(0, 8)} of ${restore.takenAt} is restored after a pre-restore snapshot${lost}; ${restore.reason}${why}${kept}`;
}
