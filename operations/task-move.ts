import { type Move, moveOf } from "../evidence/move.ts";
import { inspectContainer } from "./docker/client.ts";
import { imageOfInterruptedCutOver, Journal } from "./journal.ts";
import type { WorkloadContext, WorkloadTask } from "./workload.ts";

/** The move that the run was started with, else what follows from what runs and what is on record. */
export async function moveOfTask(context: WorkloadContext, task: WorkloadTask): Promise<Move> {
  if (task.move !== undefined) {
    return task.move;
  }
  const { workload, docker, log } = context;
  const served = await inspectContainer(docker, workload.container);
  return moveOf({
    running: served?.Config.Image ?? imageOfInterruptedCutOver(await new Journal(log.folder).read()),
    wanted: workload.image,
    records: await log.read(),
    requested: workload.restore,
  });
}
