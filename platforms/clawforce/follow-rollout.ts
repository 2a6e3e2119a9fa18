import { withControlPlane } from "../../lifecycle/control-plane/access.ts";
import type { WorkloadContext, WorkloadTask } from "../../lifecycle/workload.ts";
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
  const { before: from, changed } = await withControlPlane(context, (client) => setDefaultImage(client, to));
  if (changed) {
    await log.append({ kind: "default-image", from, to });
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  context.progress(`default image: ${!changed ? `is ${to}` : `${from ?? "none"} -> ${to}`} (${seconds} s)`);
  return { from, to };
}
