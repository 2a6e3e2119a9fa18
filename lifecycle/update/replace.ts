import { OperationFailure } from "../../platforms/failure.ts";
import type { InPlace, Platform } from "../../platforms/platform.ts";
import type { WorkloadContext, WorkloadTask } from "../workload.ts";
import { cutOver } from "./cut-over.ts";
import { ownUnit } from "./own-unit.ts";

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
  const { wanted } = task as ReplacementTask;
  if (!(await inPlaceOf(platform, workload.name).wouldMakeAnew(container, wanted))) {
    context.progress("it changes without a new start: nothing is stopped");
    return { snapshot: null };
  }
  const done = await cutOver(context, task);
  if ((await ownUnit(context)) !== undefined) await platform.remove(container);
  return done;
}

/** Its own programs are started on no other platform. */
export function inPlaceOf({ inPlace }: Pick<Platform, "inPlace">, workload: string): InPlace {
  if (inPlace !== undefined) return inPlace;
  throw new OperationFailure(
    `${workload}: nothing is changed in its place on this platform. Run \`pulumi up\`.`,
  );
}
