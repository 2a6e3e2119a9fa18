import { sharedFingerprint } from "../../config/container-settings.ts";
import { fingerprint } from "../../config/fingerprint.ts";
import { releasesOf } from "../evidence/move.ts";
import type { ReadRecord, SnapshotEntry } from "../evidence/records.ts";
import { verdictOf } from "../checks/judge.ts";
import { runChecks } from "../checks/run.ts";
import { messageOf } from "../../platforms/failure.ts";
import { type Judgement, judgement, refuseUnlessPassed } from "./gate.ts";
import { forgetArchives } from "../../platforms/clawforce/archives.ts";
import { withRepository } from "../snapshot/repository.ts";
import { recordState } from "../snapshot/state-read.ts";
import { forgetExpired } from "../snapshot/take.ts";
import { runStep, secondsSince } from "./step.ts";
import type { WorkloadContext } from "../workload.ts";

/** The full checks, after the workload is open again. */
export async function verify(context: WorkloadContext): Promise<Judgement> {
  const { workload, docker, log } = context;
  const began = performance.now();
  const { checks, served } = await runStep(
    context,
    "verification",
    async () => ({
      checks: await runChecks(context, workload.verification),
      served: await docker.getContainer(workload.container).inspect(),
    }),
    (found) => verdictOf(found.checks),
  );
  const outcome = verdictOf(checks);
  const { Id, Config } = served;
  await log.append({
    kind: "verification",
    ...(workload.group !== undefined && { group: workload.group }),
    image: Config.Image,
    container: Id,
    ...(workload.made !== undefined && {
      settings: sharedFingerprint(workload.made, workload.track),
    }),
    outcome,
    checks,
    checksHash: fingerprint(workload.verification),
    seconds: secondsSince(began),
  });
  // What a version makes only at its first turn is there now, and a way back that follows at once must know of it.
  if (workload.managed !== true) {
    await recordState(context, { image: Config.Image, container: Id });
  }
  refuseUnlessPassed(context, "verification", outcome, checks);
  await retain(context);
  return judgement(workload.name, outcome, began, checks);
}

/** The control plane keeps its own backups. */
function isInRepository(record: ReadRecord): record is ReadRecord & SnapshotEntry {
  return record.kind === "snapshot" && record.role !== "backup";
}

/** Old snapshots go only after a pass, and never one that a release can be set back to. Keeping too many is no failure. */
async function retain(context: WorkloadContext): Promise<void> {
  const records = await context.log.read();
  if (context.workload.managed === true) {
    await forgetArchives(context, records);
    return;
  }
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
