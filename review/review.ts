import { claimFindings } from "./claims.ts";
import { cutOverHooked } from "./cut-over-hook.ts";
import { changes, previewEnded } from "./engine.ts";
import { checks, type Finding, oneLine, sentenceOf } from "./finding.ts";
import { orderKept } from "./order.ts";
import { packHasJudged, packName, switchedOff, verdictsOf } from "./pack.ts";
import type { Preview, Step } from "./preview.ts";
import { type OtherRow, otherRowOf, type Row, rowOf } from "./row.ts";
import { secretMarked } from "./secret-marked.ts";
import { stateKept } from "./state-kept.ts";
import { moveFirst, oneTrack } from "./tracks.ts";
import { wayBack } from "./way-back.ts";
import { type ReviewedWorkload, types, workloadsOf } from "./workload.ts";

/** What a reviewer has to know of a change, in an order that does not differ from run to run. */
export interface Review {
  stack: string;
  rows: readonly Row[];
  /** Workloads that nothing happens to. */
  untouched: number;
  others: readonly OtherRow[];
  refusals: readonly string[];
  warnings: readonly string[];
  /** Operation -> how many resources, those of programs included. */
  operations: Readonly<Record<string, number>>;
  /** Rules of the pack that ran. */
  rules: readonly string[];
  /** What the program itself says it would do. */
  told: readonly string[];
}

/**
 * Judges a preview by itself, and hands on what the policy pack has said to it.
 *
 * @param policyConfig - the configuration that the pack ran with, parsed; undefined: the defaults of its rules.
 * @param environment - of the stack; default: production.
 */
export function reviewOf(
  stack: string,
  preview: Preview,
  policyConfig?: unknown,
  environment = "production",
): Review {
  const workloads = workloadsOf(preview);
  const rows = workloads.flatMap((workload) => rowOf(workload, workloads) ?? []);
  const found = findingsOf(preview, workloads, switchedOff(policyConfig, environment));
  const said = verdictsOf(preview);
  const own = (level: Finding["level"], first: boolean) =>
    found.filter((each) => each.level === level && isFirst(each) === first).map(sentenceOf);
  return {
    stack,
    rows,
    untouched: workloads.length - rows.length,
    others: preview.steps
      .filter((step) => changes(step) && !isShown(step, workloads))
      .map(otherRowOf)
      .toSorted(inOrder),
    refusals: [...own("refusal", true), ...said.refusals, ...own("refusal", false)],
    warnings: [...own("warning", true), ...said.warnings, ...own("warning", false)],
    operations: countsOf(preview.steps),
    rules: [...(preview.judged.get(packName)?.rules ?? [])].toSorted(),
    told: preview.told.map(oneLine),
  };
}

/** Whether anything was judged at all comes before what the verdict is. */
function isFirst({ check }: Finding): boolean {
  return check === "preview" || check === "pack";
}

function findingsOf(
  preview: Preview,
  workloads: readonly ReviewedWorkload[],
  unjudged: readonly Finding[],
): Finding[] {
  const found = [
    ...previewEnded(preview),
    ...packHasJudged(preview),
    ...unjudged,
    ...oneTrack(workloads),
    ...workloads.flatMap((each) => [...claimFindings(each), ...moveFirst(each), ...wayBack(each)]),
    ...cutOverHooked(preview.steps, workloads),
    ...stateKept(preview.steps, workloads),
    ...secretMarked(preview.steps),
    ...orderKept(preview.steps, workloads),
  ];
  const key = (each: Finding) => `${String(checks.indexOf(each.check)).padStart(2, "0")} ${sentenceOf(each)}`;
  return found.toSorted((one, other) => (key(one) < key(other) ? -1 : 1));
}

/** Components, and the containers and programs of the fleet, are in the rows and the counts already. */
function isShown(step: Step, workloads: readonly ReviewedWorkload[]): boolean {
  return (
    step.type.startsWith("clawforce:fleet:") ||
    (step.type === types.command && step.urn.includes("::clawforce:fleet:Fleet$")) ||
    step.type === "pulumi:pulumi:Stack" ||
    workloads.some(({ runner }) => runner?.urn === step.urn)
  );
}

function countsOf(steps: readonly Step[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { op } of steps) counts[op] = (counts[op] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function inOrder(one: OtherRow, other: OtherRow): number {
  return `${one.type} ${one.resource}` < `${other.type} ${other.resource}` ? -1 : 1;
}
