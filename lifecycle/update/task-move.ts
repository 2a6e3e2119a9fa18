import type { Move } from "../evidence/move.ts";
import { orderedMove, orderOf } from "../evidence/restore-order.ts";
import { changeTo, withChange } from "../evidence/settings.ts";
import { type CutOverJournal, Journal } from "../workdir/journal.ts";
import type { WorkloadContext, WorkloadTask } from "../workload.ts";
import { adoptionMove } from "./adoption.ts";
import { interruptedFacts } from "./interrupted.ts";
import { ownUnit } from "./own-unit.ts";

/** The move that the run was started with, else what follows from what runs and what is on record. */
export async function moveOfTask(context: WorkloadContext, task: WorkloadTask): Promise<Move> {
  if (task.move !== undefined) {
    return task.move;
  }
  const { workload, platform, log } = context;
  const journal = await new Journal(log.folder).read();
  const adoption = await adoptionToCome(context, journal);
  if (adoption !== undefined) return adoption;
  const served = await platform.unit(workload.container);
  const { running, records } = interruptedFacts(journal, await log.read());
  const facts = { running: served?.image ?? running, wanted: workload.image, records };
  const { made, track } = workload;
  const { move } = orderedMove(facts, orderOf(made?.restore ?? ""), served !== undefined);
  return made === undefined ? move : withChange(move, changeTo(records, made, track));
}

/** Where the workload has no container of its own, and the one that it is to adopt is there. */
async function adoptionToCome(
  context: WorkloadContext,
  journal: CutOverJournal | undefined,
): Promise<Move | undefined> {
  const { workload, platform } = context;
  const { adopts, stack, name } = workload;
  if (adopts === undefined || (await ownUnit(context)) !== undefined) return undefined;
  const unit = await platform.unit(adopts);
  const stranger = unit && (await platform.strangerAt({ stack, name, unit: adopts }));
  return unit === undefined || stranger === undefined
    ? undefined
    : adoptionMove(adopts, unit, workload.image, journal);
}
