import { shortReference } from "../config/image-reference.ts";
import type { StackConfig } from "../config/schema.ts";
import type { SecretPrints } from "../config/secret-values.ts";
import { formatDuration } from "../config/units.ts";
import type { EvidenceRecord } from "../lifecycle/evidence/records.ts";
import { refusalText } from "../lifecycle/evidence/refusal.ts";
import { describePlan } from "../lifecycle/update/plan.ts";
import type { Situation } from "../lifecycle/update/situation.ts";
import { changeReport, movesSince } from "./change-report.ts";
import { CommandFailure, type Output } from "./command.ts";
import { failureLines } from "./failure-lines.ts";
import { pauseText } from "./move-steps.ts";
import type { NamedMove } from "./recorded-updates.ts";
import { readRunsNow } from "./runs-now.ts";
import { changedConfig } from "./secret-prints.ts";
import { situationsInWindow, situationsOf } from "./situations.ts";
import type { NamedStack } from "./stack.ts";
import type { StackFileChange } from "./stack-file-change.ts";
import { tableLines } from "./table.ts";
import { timelineSvg } from "./timeline.ts";
import { type Ran, StackLocked, type UpdateEngine } from "./update-engine.ts";
import { keepUpdateFiles } from "./update-files.ts";

export interface UpdateRun {
  named: NamedStack;
  engine: UpdateEngine;
  /** Written before the update, and put back when that finds the state locked. */
  change: StackFileChange;
  /** Of the stack's secrets, where the update may bring new values. */
  secretPrints?: SecretPrints | undefined;
  /** What this is, for the screen and the files: "support: wave 1 …". */
  title: string;
  out: Output;
}

export interface UpdateResult extends Ran {
  /** The workloads that do not stand as they stood before: what a way back has to take back. */
  touched: Situation[];
  /** One line for each workload that would have had to move and stays as it is; all of them were shown. */
  refused: string[];
}

/** What of a workload tells whether an update has touched it. */
export type Touchable = Pick<Situation, "observed" | "journal" | "hold" | "move" | "records"> & {
  input: { name: string };
};

/**
 * The workloads that an update has moved, has stopped and not brought back, or has found failing on the new version. One
 * whose cut-over failed and whose old container serves again is not among them.
 *
 * @param began - ISO 8601.
 */
export function touchedBy<Workload extends Touchable>(
  before: readonly Touchable[],
  after: readonly Workload[],
  began: string,
): Workload[] {
  return after.filter(({ input, observed, journal, hold, records }) => {
    const was = before.find((each) => each.input.name === input.name);
    if (was === undefined) return false;
    if (records.some((record) => record.time >= began && hasFailed(record))) return true;
    if (was.move.kind === "none") return false;
    return (
      observed?.id !== was.observed?.id ||
      observed?.image !== was.observed?.image ||
      observed?.state !== was.observed?.state ||
      journal?.since !== was.journal?.since ||
      hold?.since !== was.hold?.since
    );
  });
}

function hasFailed(record: EvidenceRecord): boolean {
  const { kind } = record;
  return (kind === "gate" || kind === "verification" || kind === "bake") && record.outcome !== "passed";
}

/** Says what an update would do to each workload; refuses one that does not fit into its window. Reads only. */
export async function showPlan(
  config: StackConfig,
  { stack }: NamedStack,
  out: Output,
): Promise<Situation[]> {
  const surveyed = await situationsInWindow(config, stack);
  const lines = describePlan(surveyed);
  out.write(
    lines.length === 0 ? "No workload changes.\n" : `Plan:\n${lines.map((line) => `  ${line}\n`).join("")}`,
  );
  return surveyed;
}

/**
 * The change of the stack file and one `pulumi up` with its steps shown while they happen; afterwards one screen that says what came of it, and report and
 * timeline as files. A failed update is an answer, not an error.
 */
export async function runUpdate(update: UpdateRun): Promise<UpdateResult> {
  const { named, engine, change, title, out, secretPrints } = update;
  const config = changedConfig(change, secretPrints);
  const before = await situationsOf(config, named.stack);
  await change.write();
  await unlessRefused(change, engine);
  out.write(`\n${title}\n`);
  const ran = await unlessLocked(change, () => engine.up(before.map(({ input }) => input.name)));
  const began = new Date(ran.began);
  const after = await situationsOf(config, named.stack);
  const workloads = after.map(({ input, records, refused }) => ({
    name: input.name,
    records,
    ...(refused !== undefined && { refused: refused.why }),
  }));
  const moves = movesSince(workloads, began);
  const touched = touchedBy(before, after, ran.began);
  const refused = refusedLines(after);
  const { evidence } = config;
  const files = await keepUpdateFiles(evidence.directory, named.stack, began, {
    report: changeReport({
      stack: named.stack,
      config,
      workloads,
      now: await readRunsNow(config, named.stack),
      since: began,
    }),
    timeline: timelineSvg(
      `${title}: ${ran.passed ? "passed" : "failed"}, ${began.toISOString().slice(0, 16)}Z`,
      after.map(({ input }) => ({
        workload: input.name,
        moves: moves.filter(({ workload }) => workload === input.name).map(({ move }) => move),
      })),
    ),
  });
  const seconds = (Date.now() - began.getTime()) / 1000;
  out.write(
    [
      "",
      `${title}: ${ran.passed ? "done" : "failed"} in ${formatDuration(seconds)}`,
      ...summaryLines(moves),
      ...refused,
      ...(ran.passed ? [] : failureLines(ran.events, ran.output).map((line) => `  ${line}`)),
      `report:   ${files.report}`,
      `timeline: ${files.timeline}`,
      "",
    ].join("\n"),
  );
  return { ...ran, touched, refused };
}

/** What another update is under way with must not change below it: the stack file is put back as it was. */
export async function unlessLocked(change: StackFileChange, work: () => Promise<Ran>): Promise<Ran> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StackLocked) await change.undo();
    throw error;
  }
}

/** What the rules refuse is not begun, and the stack file is put back as it was. */
async function unlessRefused(change: StackFileChange, engine: UpdateEngine): Promise<void> {
  let refusal: string[] | undefined;
  try {
    refusal = await engine.refusal();
  } catch (error) {
    await change.undo();
    throw error;
  }
  if (refusal === undefined) return;
  await change.undo();
  throw new CommandFailure(
    [
      "The update was refused at its preview: nothing was touched, the stack file is as it was.",
      ...refusal,
    ].join("\n"),
  );
}

/** One line for each workload that would have had to move and stays as it is. */
function refusedLines(surveyed: readonly Situation[]): string[] {
  return surveyed.flatMap(({ input, refused }) => (refused?.moves ? [refusalText(input.name, refused)] : []));
}

/** One line for each workload that changed. */
function summaryLines(moves: readonly NamedMove[]): string[] {
  if (moves.length === 0) return ["no workload has changed"];
  return tableLines(
    ["WORKLOAD", "WHAT", "FROM", "TO", "PAUSED", "VERDICT"],
    moves.map(({ workload, move }) => [
      workload,
      move.kind,
      move.from === undefined ? "" : shortReference(move.from),
      shortReference(move.to),
      pauseText(move),
      move.verdict,
    ]),
  );
}
