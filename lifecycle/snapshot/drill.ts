import { randomUUID } from "node:crypto";
import { formatBytes } from "../../config/units.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import { type StartSettings, TrialFailed } from "../../platforms/platform.ts";
import { proveRestoredAccount, proveRestoredDatabase } from "../control-plane/drill.ts";
import type { DrillEntry } from "../evidence/records.ts";
import { secondsSince } from "../update/step.ts";
import type { Workload, WorkloadContext } from "../workload.ts";
import { runScript } from "./repository.ts";

/** Threads and processes of a drilled workload: a gateway with its channels has under 100. */
const processLimit = 1024;

/**
 * Proves that a snapshot starts: restores it to a volume of its own, and starts the image that wrote it on that, without
 * a network and without channels, until it is healthy. A control plane has to show its database and let our account in as
 * well, because it comes up healthy on nothing. One at a time on a Docker host: a gateway takes over 500 MB.
 */
export function drillSnapshot(
  context: WorkloadContext,
  snapshot: string,
  image: string,
): Promise<DrillEntry> {
  const { workload, platform, progress } = context;
  const purpose = `drill of ${workload.name}`;
  const { image: tools } = workload.snapshots;
  const lock = { kind: "drill" as const, of: "", purpose, image: tools, wait: 900, progress };
  return platform.lock(lock, () => drill(context, snapshot, image));
}

async function drill(context: WorkloadContext, snapshot: string, image: string): Promise<DrillEntry> {
  const { workload, platform, secrets } = context;
  const began = performance.now();
  const name = `clawforce-drill-${workload.stack}-${workload.name}`;
  try {
    await platform.removeTrial(name);
    const scratch = await platform.makeScratch(name, workload.name);
    await runScript(context, {
      script: "restore-to-scratch",
      purpose: "restore of the drill",
      state: "none",
      scratch,
      arguments: [snapshot],
    });
    const isControlPlane = workload.track === "control-plane";
    const shown = isControlPlane ? await proveRestoredDatabase(context, snapshot, scratch) : undefined;
    const { memory, cpus, deadline, environment } = workload.snapshots.drill;
    try {
      await platform.trial({
        name,
        workload: workload.name,
        image,
        like: { unit: workload.container, otherwise: configuredStart(workload, secrets.gatewayToken) },
        environment,
        mount: workload.mount,
        limits: { memory, cpus, processes: processLimit },
        deadline,
      });
    } catch (error) {
      throw error instanceof TrialFailed ? drillFailure(snapshot, image, error) : error;
    }
    if (isControlPlane) {
      await proveRestoredAccount(context, snapshot, name);
    }
    return { kind: "drill", snapshot, image, seconds: secondsSince(began), ...shown };
  } finally {
    await platform.removeTrial(name);
  }
}

export function describeDrill({ snapshot, users }: DrillEntry): string {
  const shown = users === undefined ? "" : `; its database has ${users} users, and our account logs in`;
  return `snapshot ${snapshot.slice(0, 8)} starts and becomes healthy${shown}`;
}

/** As the configuration wants the container that is not there yet. Without a token at hand any will do for a gateway. */
function configuredStart(
  { startedWith, tokenVariable }: Pick<Workload, "startedWith" | "tokenVariable">,
  token: string,
): StartSettings {
  if (tokenVariable === undefined) return startedWith;
  const environment = { ...startedWith.environment, [tokenVariable]: token || randomUUID() };
  return { ...startedWith, environment };
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
      `  Its last lines: ${said.join(" | ")}\n` +
      "  A snapshot that does not start is no way back: nothing was stopped. Find out why before the update.",
  );
}
