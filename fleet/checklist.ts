import type { Check } from "../config/check-kind.ts";
import { shortReference } from "../config/image-reference.ts";
import type { StackConfig } from "../config/schema.ts";
import { formatDuration } from "../config/units.ts";
import { isOf } from "../lifecycle/checks/kind.ts";
import { logs } from "../lifecycle/checks/kinds/logs.ts";
import { checkKinds, checkName, kindOf } from "../lifecycle/checks/kinds.ts";
import type { RecordedMove } from "./recorded-moves.ts";
import type { NamedMove, RecordedUpdate } from "./recorded-updates.ts";

/** The update that a checklist is filled in for, and what the configuration says about it. */
export interface ChecklistFacts {
  update: RecordedUpdate;
  /** What was done after it, oldest first. */
  later: readonly RecordedUpdate[];
  config: Pick<StackConfig, "change" | "window" | "maintenance">;
  /** Workload -> the checks that its verification has. */
  checks: ReadonlyMap<string, readonly Check[]>;
}

/** What ticks a line; undefined leaves it open, and `open` says whose it is. */
interface Line {
  item: string;
  evidence: string | undefined;
  open: string;
}

const realFlows = checkKinds.filter(({ realFlow }) => realFlow).map(({ name }) => name);

/** The checklist for production updates, each line ticked with its evidence or left to a person. */
export function checklist(facts: ChecklistFacts): string[] {
  return linesOf(facts).map(({ item, evidence, open }) =>
    evidence === undefined ? `- [ ] ${item} (${open})` : `- [x] ${item}: ${evidence}`,
  );
}

function linesOf(facts: ChecklistFacts): Line[] {
  const { update, config } = facts;
  const { moves } = update;
  const from = unique(moves.flatMap(({ move }) => move.from ?? []));
  const reviewed =
    config.change?.changelogReviewed === true
      ? `said by ${config.change.owner} in ${config.change.ticket}`
      : undefined;
  const bySaying = "a person's: set `clawforce:change.changelogReviewed` once it is done";
  return [
    {
      item: "Current version documented",
      evidence: from.length > 0 ? from.join(", ") : undefined,
      open: "no record names a release that was updated from",
    },
    {
      item: "Rollback command defined",
      evidence: everyMove(moves, ({ from: before }) => before !== undefined)
        ? `\`fleet rollback\` goes back to ${from.map(shortReference).join(", ")}`
        : undefined,
      open: "a workload has nothing to go back to",
    },
    {
      item: "Configuration and state backup completed",
      evidence: everyMove(moves, ({ stopped }) => stopped !== undefined)
        ? moves.map(({ workload, move }) => `${workload} ${move.stopped?.snapshot.slice(0, 8)}`).join(", ")
        : undefined,
      open: "not every workload has a cold snapshot on record",
    },
    { item: "Changelog reviewed", evidence: reviewed, open: bySaying },
    { item: "Recent issues reviewed", evidence: reviewed, open: bySaying },
    { item: "Breaking changes reviewed", evidence: reviewed, open: bySaying },
    { item: "Related PRs reviewed if applicable", evidence: undefined, open: "a person's" },
    {
      item: "Maintenance window defined",
      evidence:
        config.window === "none"
          ? undefined
          : `window ${config.window}, ${formatDuration(config.maintenance.length)} long`,
      open: "`clawforce:window` is none",
    },
    {
      item: "Update installed",
      evidence: everyMove(moves, ({ gate, verification }) => (gate ?? verification) !== undefined)
        ? `${update.to} in ${moves.map(({ workload }) => workload).join(", ")}`
        : undefined,
      open: "not every workload got as far",
    },
    {
      item: "Health check executed",
      evidence: everyMove(moves, ({ gate }) => gate?.outcome === "passed") ? gatesText(moves) : undefined,
      open: "a gate is not on record or did not pass",
    },
    {
      item: "Restart validated",
      evidence: everyMove(moves, ({ gate }) => gate?.outcome === "passed")
        ? moves.map(({ workload, move }) => `${workload} ${move.gate?.container.slice(0, 12)}`).join(", ")
        : undefined,
      open: "not every new container has passed its gate",
    },
    checkLine(
      facts,
      "Logs reviewed after restart",
      (check) => isOf(logs, check),
      "no check of the kind logs",
    ),
    checkLine(
      facts,
      "Functional verification by channel or real flow",
      (check) => kindOf(check).realFlow === true,
      `no check of the kinds ${realFlows.join(", ")}`,
    ),
    checkLine(
      facts,
      "Negative validation for known errors",
      (check) => isOf(logs, check) && check.absent.length > 0,
      "no check of the kind logs with `absent`",
    ),
    { item: "Comparison against upstream issues", evidence: undefined, open: "a person's" },
    { item: "Decision made: continue, fix, or rollback", ...decision(facts) },
    { item: "Result documented", evidence: "this report and the records it is made of", open: "" },
  ];
}

/** Ticked when every workload of the update has such a check, and all of them have passed. */
function checkLine(
  { update, checks }: ChecklistFacts,
  item: string,
  isMeant: (check: Check) => boolean,
  none: string,
): Line {
  const asked = update.moves.map(({ workload, move }) => {
    const names = (checks.get(workload) ?? []).filter(isMeant).map(checkName);
    const results = (move.verification?.checks ?? []).filter(({ name }) => names.includes(name));
    return { workload, names, results, passed: results.filter(({ outcome }) => outcome === "passed") };
  });
  const without = asked.filter(({ names }) => names.length === 0);
  if (without.length > 0) {
    return { item, evidence: undefined, open: `${listed(without)}: ${none} in the configuration` };
  }
  const behind = asked.filter(({ names, passed }) => passed.length < names.length);
  return {
    item,
    evidence:
      behind.length > 0
        ? undefined
        : unique(asked.flatMap(({ passed }) => passed.map(({ name }) => name))).join(", "),
    open: `${listed(behind)}: not passed`,
  };
}

function gatesText(moves: readonly NamedMove[]): string {
  const checks = moves.reduce((sum, { move }) => sum + (move.gate?.checks.length ?? 0), 0);
  return `gate passed, ${checks} ${checks === 1 ? "check" : "checks"}`;
}

function listed(of: readonly { workload: string }[]): string {
  return of.map(({ workload }) => workload).join(", ");
}

function decision({ update, later }: ChecklistFacts): { evidence: string | undefined; open: string } {
  const open = "nothing on record says what came of it";
  if (update.moves.every(({ move }) => move.verdict === "passed")) {
    return { evidence: "continue: every workload of it has passed", open };
  }
  const failed = update.moves.filter(({ move }) => move.verdict !== "passed").map(({ workload }) => workload);
  const after = (kind: RecordedMove["kind"]) =>
    later.find((each) => each.kind === kind && each.moves.some(({ workload }) => failed.includes(workload)));
  const back = after("back");
  if (back !== undefined) {
    return { evidence: `rollback: ${failed.join(", ")} went back at ${back.began}`, open };
  }
  return after("update") === undefined
    ? { evidence: undefined, open: `open: ${failed.join(", ")} did not pass, and nothing was done since` }
    : { evidence: `fix: ${failed.join(", ")} was updated again`, open };
}

function everyMove(moves: readonly NamedMove[], holds: (move: RecordedMove) => boolean): boolean {
  return moves.length > 0 && moves.every(({ move }) => holds(move));
}

function unique(all: readonly string[]): string[] {
  return [...new Set(all)];
}
