import { formatBytes } from "../../config/units.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import { TrialFailed } from "../../platforms/platform.ts";
import { proveRestoredAccount, proveRestoredDatabase } from "../control-plane/drill.ts";
import type { DrillEntry } from "../evidence/records.ts";
import { secondsSince } from "../update/step.ts";
import type { WorkloadContext } from "../workload.ts";
import { configuredStart } from "./configured-start.ts";
import { type StateCopy, withCopy } from "./copy.ts";

/**
 * Proves that a snapshot starts: restores it to a volume of its own, and starts the image that wrote it on that, without
 * a network and without channels, until it is healthy. A control plane has to show its database and let our account in as
 * well, because it comes up healthy on nothing.
 */
export function drillSnapshot(
  context: WorkloadContext,
  snapshot: string,
  image: string,
): Promise<DrillEntry> {
  return withCopy(context, snapshot, async (copy) => (await drillOn(context, copy, image)).drill);
}

/** On a copy that nothing was done to. What has started on it has ended afterwards; `said` is what it has printed. */
export async function drillOn(
  context: WorkloadContext,
  copy: StateCopy,
  image: string,
): Promise<{ drill: DrillEntry; said: string[] }> {
  const { workload, secrets } = context;
  const { snapshot } = copy;
  const began = performance.now();
  const [{ from: data }] = await copy.restored();
  const isControlPlane = workload.track === "control-plane";
  const shown = isControlPlane ? await proveRestoredDatabase(context, snapshot, data) : undefined;
  const like = { unit: workload.container, otherwise: configuredStart(workload, secrets.gatewayToken) };
  try {
    return await copy.started(image, like, workload.snapshots.drill.deadline, async (said) => {
      if (isControlPlane) await proveRestoredAccount(context, snapshot, copy.name);
      return { drill: { kind: "drill", snapshot, image, seconds: secondsSince(began), ...shown }, said };
    });
  } catch (error) {
    throw error instanceof TrialFailed ? drillFailure(snapshot, image, error) : error;
  }
}

/** The end of what a trial has printed, in one line. */
export function shownOf(said: readonly string[]): string {
  return said.slice(-5).join(" | ");
}

export function describeDrill({ snapshot, users }: Pick<DrillEntry, "snapshot" | "users">): string {
  const shown = users === undefined ? "" : `; its database has ${users} users, and our account logs in`;
  return `snapshot ${snapshot.slice(0, 8)} starts and becomes healthy${shown}`;
}

function drillFailure(
  snapshot: string,
  image: string,
  { message, said, outOfMemory }: TrialFailed,
): OperationFailure {
  const why =
    outOfMemory === undefined
      ? message
      : `it ran out of the ${formatBytes(outOfMemory)} of memory that a drill has (clawforce:snapshots.drill.memory, or the container's own). ` +
        "Raise it to what the gateway needs at its start";
  return new OperationFailure(
    `snapshot ${snapshot.slice(0, 8)} does not start on ${image}: ${why}\n` +
      `  Its last lines: ${shownOf(said)}\n` +
      "  A snapshot that does not start is no way back: nothing was stopped. Find out why before the update.",
  );
}
