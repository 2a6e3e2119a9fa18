import type { Move } from "../evidence/move.ts";
import { orderedMove, orderOf } from "../evidence/restore-order.ts";
import { changeTo, withChange } from "../evidence/settings.ts";
import { Journal } from "../workdir/journal.ts";
import type { WorkloadContext, WorkloadTask } from "../workload.ts";
import { interruptedFacts } from "./interrupted.ts";

/** The move that the run was started with, else what follows from what runs and what is on record. */
export async function moveOfTask(context: WorkloadContext, task: WorkloadTask): Promise<Move> {
  if (task.move !== undefined) {
    return task.move;
  }
  const { workload, platform, log } = context;
  const served = await platform.unit(workload.container);
  const { running, records } = interruptedFacts(await new Journal(log.folder).read(), await log.read());
  const facts = { running: served?.image ?? running, wanted: workload.image, records };
  const { made, track } = workload;
  const { move } = orderedMove(facts, orderOf(made?.restore ?? ""), served !== undefined);
  return made === undefined ? move : withChange(move, changeTo(records, made, track));
}
