import { sharedFingerprint } from "../../config/container-settings.ts";
import { fingerprint } from "../../config/fingerprint.ts";
import { messageOf } from "../../platforms/failure.ts";
import { releasesOf } from "../evidence/move.ts";
import type { ReadRecord, SnapshotEntry } from "../evidence/records.ts";
import { forgetArchives } from "../managed/archives.ts";
import { withRepository } from "../snapshot/repository.ts";
import { recordState } from "../snapshot/state-read.ts";
import { forgetExpired } from "../snapshot/take.ts";
import type { WorkloadContext } from "../workload.ts";
import { type Judgement, judge, judgement, refuseUnlessPassed } from "./gate.ts";
import { secondsSince } from "./step.ts";

/** The full checks, after the workload is open again. */
export async function verify(context: WorkloadContext): Promise<Judgement> {
  const { workload, log } = context;
  const began = performance.now();
  const { checks, served, outcome } = await judge(context, "verification", workload.verification);
  const { id: container, image } = served;
  await log.append({
    kind: "verification",
    ...(workload.group !== undefined && { group: workload.group }),
    image,
    container,
    ...(workload.made !== undefined && {
      settings: sharedFingerprint(workload.made, workload.track),
    }),
    outcome,
    checks,
    checksHash: fingerprint(workload.verification),
    seconds: secondsSince(began),
  });
  // What a version makes only at its first turn is there now, and a way back that follows at once must know of it.
  await recordState(context, { image, container });
  await refuseUnlessPassed(context, "verification", outcome, checks);
  const forget = workload.managed === true ? forgetArchives : forgetSnapshots;
  await forget(context, await log.read());
  return judgement(workload.name, outcome, began, checks);
}

/** The control plane keeps its own backups. */
function isInRepository(record: ReadRecord): record is ReadRecord & SnapshotEntry {
  return record.kind === "snapshot" && record.role !== "backup";
}

/** Old snapshots go only after a pass, and never one that a release can be set back to. Keeping too many is no failure. */
async function forgetSnapshots(context: WorkloadContext, records: readonly ReadRecord[]): Promise<void> {
  const snapshots = records.filter(isInRepository);
  if (snapshots.length === 0) {
    return;
  }
  const newest = snapshots.at(-1);
  const kept = [
    ...releasesOf(records).map((release) => release.snapshot),
    ...(newest ? [newest.snapshot] : []),
  ];
  try {
    const forgotten = await withRepository(context, "retention", () => forgetExpired(context, kept));
    if (forgotten > 0) {
      context.progress(`${forgotten} expired snapshots removed`);
    }
  } catch (error) {
    context.progress(`expired snapshots were not removed: ${messageOf(error)}`);
  }
}
