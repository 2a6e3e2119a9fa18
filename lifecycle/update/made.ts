import type { Made } from "../../config/container-settings.ts";
import { lastMade } from "../evidence/settings.ts";
import type { WorkloadContext } from "../workload.ts";

/** Before a container is created: what it is made with goes on record, so that going back from it is known as that. */
export async function recordMade({
  workload,
  log,
}: Pick<WorkloadContext, "workload" | "log">): Promise<void> {
  const { made } = workload;
  if (made === undefined || isSame(lastMade(await log.read()), made)) return;
  await log.append({ kind: "settings", ...made });
}

/**
 * For a container that is there and is not made anew in this update: written down when nothing is on record of it yet, and
 * when something has changed that needs no other container.
 */
export async function recordFound({
  workload,
  log,
}: Pick<WorkloadContext, "workload" | "log">): Promise<void> {
  const { made } = workload;
  const known = lastMade(await log.read());
  if (made === undefined || isSame(known, made)) return;
  await log.append({ kind: "settings", ...made, ...(known === undefined && { found: true }) });
}

function isSame(one: Made | undefined, other: Made): boolean {
  return (
    one !== undefined &&
    JSON.stringify([one.image, one.restore, one.trigger, one.settings, one.later, one.memory]) ===
      JSON.stringify([other.image, other.restore, other.trigger, other.settings, other.later, other.memory])
  );
}
