import { isLeftOut } from "../../config/left-out.ts";
import type { EvidenceRecord, Markers } from "../evidence/records.ts";
import { leftOut, statePlaces, type Workload } from "../workload.ts";

/**
 * Why the snapshots may not leave out what they are to leave out: the version that runs has kept a database of its own there, as
 * the records say. Undefined: nothing is known against it.
 */
export function leftOutProblem(workload: Workload, records: readonly EvidenceRecord[]): string | undefined {
  const [main, ...further] = statePlaces(workload);
  const places = leftOut(workload, [main, ...further]);
  const found = Object.keys(lastMarkers(records)?.databases ?? {}).find((path) => {
    const inContainer = path.startsWith("/") ? path : `${main.at}/${path}`;
    return places.some(
      (each) =>
        inContainer.startsWith(`${each.at}/`) && isLeftOut(inContainer.slice(each.at.length + 1), each),
    );
  });
  return found === undefined
    ? undefined
    : `clawforce:snapshots.exclude leaves out ${found}, a database that the version that runs keeps. ` +
        "An old version can't go back without it. Name what may be lost more exactly.";
}

function lastMarkers(records: readonly EvidenceRecord[]): Markers | undefined {
  const found = records.findLast((record) => record.kind === "snapshot" || record.kind === "state");
  return found?.kind === "snapshot" || found?.kind === "state" ? found.markers : undefined;
}

/** What goes on record with a snapshot: the patterns as they are written. */
export function leftOutOnRecord(workload: Workload): { leftOut?: string[] } {
  const { exclude = [] } = workload.snapshots;
  return leftOut(workload, statePlaces(workload)).length === 0 ? {} : { leftOut: exclude };
}
