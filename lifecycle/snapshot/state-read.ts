import { isDeepStrictEqual } from "node:util";
import type { StatePlaces } from "../../config/state-places.ts";
import { messageOf, OperationFailure } from "../../platforms/failure.ts";
import { currentMarkers } from "../evidence/move.ts";
import type { Markers } from "../evidence/records.ts";
import type { WorkloadContext } from "../workload.ts";
import { markersOf, parseScriptReport } from "./markers.ts";
import { runScript } from "./repository.ts";

/**
 * Puts on record what the version that runs has made of its state, unless that is on record already. Looks through the
 * state, so never between a gate that has passed and the opening. That it can't be read fails nothing: then a way back
 * that knows no better restores the snapshot.
 */
export async function recordState(
  context: WorkloadContext,
  { image, container }: { image: string; container: string },
): Promise<Markers | undefined> {
  const { log, progress, workload } = context;
  // Its control plane keeps its state: it is not at a place that can be read from here.
  if (workload.managed === true) return undefined;
  try {
    const markers = await readMarkers(context);
    if (!isDeepStrictEqual(currentMarkers(await log.read(), image), markers)) {
      await log.append({ kind: "state", image, container, markers });
    }
    return markers;
  } catch (error) {
    progress(`what it has made of its state could not be read: ${messageOf(error)}`);
    return undefined;
  }
}

/** @param copy - in place of the workload's own state. */
export async function readMarkers(context: WorkloadContext, copy?: StatePlaces): Promise<Markers> {
  const result = await runScript(context, {
    ...(copy && { copy }),
    script: "markers",
    purpose: "reading of the state's versions",
    looksOnly: true,
    state: "read-only",
    ofVersion: true,
    deadline: 120,
  });
  const report = parseScriptReport(result.stdout);
  const locked = report.databases.find(
    ({ userVersion, verdict }) => userVersion === undefined && /\blocked\b/.test(verdict),
  );
  if (locked !== undefined) {
    // It says nothing of the version, and is over when that is stopped: no reason for a restore.
    throw new OperationFailure(`${locked.path} is locked`);
  }
  return markersOf(report);
}
