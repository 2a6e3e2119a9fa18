import { hasBaked, mustBake } from "../evidence/canary.ts";
import type { Move } from "../evidence/move.ts";
import type { EvidenceRecord, Outcome } from "../evidence/records.ts";
import { unjudgedSince } from "../evidence/refusal.ts";
import { goesBack } from "../evidence/settings.ts";
import { witnessesOf } from "./canary-evidence.ts";
import { oldContainerStands } from "./interrupted.ts";
import type { PutOff, Situation } from "./situation.ts";

/**
 * Whether an update takes something back and brings nothing forward. Such a one waits for nothing but what it takes back:
 * a sick workload beside it, a check that fails there or a bake that is still to come would keep the way back shut.
 */
export function onlyGoesBack(workloads: readonly { move: Move }[]): boolean {
  const moved = workloads.filter(({ move }) => move.kind !== "none");
  return moved.length > 0 && moved.every(({ move }) => goesBack(move));
}

/** Undefined when an update that does not move it has nothing to do for it. */
export function putOffOf(workload: Situation): PutOff | undefined {
  const { move, observed, records, journal, config } = workload;
  if (move.kind !== "none" || observed === undefined) {
    return undefined;
  }
  if (journal !== undefined && oldContainerStands(journal)) {
    // Its own cut-over is taken back with the others': it may be stopped, and nobody else starts it again.
    return undefined;
  }
  const judged = (kind: "gate" | "verification") => lastOutcome(records, kind, observed.id);
  const isUnjudged = unjudgedSince(records) !== undefined;
  const gate = journal !== undefined || isUnjudged || !["passed", undefined].includes(judged("gate"));
  const verification = gate || judged("verification") !== "passed";
  const bake = needsBake(workload, config.bake);
  const why = !observed.serves
    ? `is ${observed.state === "running" ? "unhealthy" : observed.state}`
    : journal !== undefined
      ? `stands in a cut-over that was interrupted at "${journal.phase}"`
      : gate
        ? `has not passed its gate${isUnjudged ? " since its records began anew" : ""}`
        : judged("verification") === "failed" || judged("verification") === "inconclusive"
          ? "has not passed its verification"
          : bake
            ? "is still to bake"
            : undefined;
  return why === undefined ? undefined : { why, gate, verification, bake };
}

function lastOutcome(
  records: readonly EvidenceRecord[],
  kind: "gate" | "verification",
  container: string,
): Outcome | undefined {
  const found = records.findLast((each) => each.kind === kind && each.container === container);
  return found?.kind === kind ? found.outcome : undefined;
}

function needsBake(
  workload: Parameters<typeof witnessesOf>[0][number],
  bake: Situation["config"]["bake"],
): boolean {
  const [witness] = witnessesOf([workload]);
  if (bake === undefined || witness?.observed === undefined) {
    return false;
  }
  const demand = { image: witness.observed.image, bake };
  return mustBake(witness, demand) && !hasBaked(witness, demand);
}
