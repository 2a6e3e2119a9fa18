import { OperationFailure } from "../../platforms/failure.ts";
import type { InPlace } from "../../platforms/in-place.ts";
import type { Platform } from "../../platforms/platform.ts";
import { Journal } from "../workdir/journal.ts";
import type { WorkloadContext, WorkloadTask } from "../workload.ts";
import type { AdoptionMove } from "./adoption.ts";
import { cutOver } from "./cut-over.ts";
import { onceItAnswers } from "./once-it-answers.ts";
import { ownUnit } from "./own-unit.ts";
import { takeOver } from "./take-over.ts";
import { engineReturn } from "./time-budget.ts";

interface ReplacementTask extends WorkloadTask {
  /** What the provider is about to make of the unit: its inputs. */
  wanted?: unknown;
}

/**
 * Runs before the provider changes a unit in its place. Where that makes the unit anew, it does what comes before the removal
 * of a container, and then the unit counts as removed: what the provider changes starts nothing. Where it does not, nothing
 * is stopped.
 */
export async function replaceInPlace(
  context: WorkloadContext,
  task: WorkloadTask,
): Promise<{ snapshot: string | null }> {
  const { platform, workload } = context;
  const { container } = workload;
  const { wanted, move } = task as ReplacementTask;
  if (move?.kind === "adopt") return takeOverInPlace(context, move, wanted);
  if (!(await inPlaceOf(platform, workload.name).wouldMakeAnew(container, wanted))) {
    context.progress("it changes without a new start: nothing is stopped");
    return { snapshot: null };
  }
  const done = await cutOver(context, task);
  await countAsRemoved(context);
  return done;
}

/** What is there is somebody else's: it is stopped as any other, and what it was like is kept on it. */
async function takeOverInPlace(
  context: WorkloadContext,
  move: AdoptionMove,
  wanted: unknown,
): Promise<{ snapshot: string | null }> {
  const { platform, workload, log } = context;
  await inPlaceOf(platform, workload.name).refuseChange(workload.container, wanted);
  await takeOver(context, move);
  return { snapshot: (await new Journal(log.folder).read())?.cutOver?.snapshot ?? null };
}

/** It is stopped by now: that its platform does not answer for a while must not be all that comes of it. */
async function countAsRemoved(context: WorkloadContext): Promise<void> {
  const { platform, workload, progress } = context;
  try {
    await onceItAnswers(
      async () => {
        if ((await ownUnit(context)) !== undefined) await platform.remove(workload.container);
      },
      {
        patience: engineReturn(platform),
        waiting: ({ what }, left) => progress(`${what}: trying again, for ${left} s at most`),
      },
    );
  } catch (error) {
    throw new OperationFailure(
      `${workload.name}: it is stopped, and its change could not be begun: ${platform.describe(error)} ` +
        "Run `fleet recover`, or `pulumi up` once the cause is gone: it starts on its state.",
    );
  }
}

/** Its own programs are started on no other platform. */
export function inPlaceOf({ inPlace }: Pick<Platform, "inPlace">, workload: string): InPlace {
  if (inPlace !== undefined) return inPlace;
  throw new OperationFailure(
    `${workload}: nothing is changed in its place on this platform. Run \`pulumi up\`.`,
  );
}
