import { secondsSince } from "../update/step.ts";
import type { WorkloadContext, WorkloadTask } from "../workload.ts";
import { accessOf, controlPlaneOf } from "./access.ts";
import { setDefaultImage } from "./default-image.ts";

interface DefaultImageTask extends WorkloadTask {
  /** The reference that new instances are to get. */
  defaultImage?: string;
}

/** Sets the control plane's image for new instances and reads it back: an answer of 200 alone proves nothing. */
export async function followRollout(
  context: WorkloadContext,
  task: WorkloadTask,
): Promise<{ from: string | null; to: string }> {
  const { log } = context;
  const { defaultImage: to = "" } = task as DefaultImageTask;
  const began = performance.now();
  const { defaultImageSettings } = accessOf(context);
  const { from, changed } = await controlPlaneOf(context).open((api) =>
    setDefaultImage(api, to, defaultImageSettings),
  );
  if (changed) {
    await log.append({ kind: "default-image", from, to });
  }
  const seconds = secondsSince(began).toFixed(1);
  context.progress(`default image: ${changed ? `${from ?? "none"} -> ${to}` : `is ${to}`} (${seconds} s)`);
  return { from, to };
}
