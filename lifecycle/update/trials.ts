import { OperationFailure } from "../../platforms/failure.ts";
import type { Unit } from "../../platforms/platform.ts";
import type { SnapshotEntry } from "../evidence/records.ts";
import { coldPassAfter, stateProblem } from "../rehearsal/pause.ts";
import type { Rehearsed } from "../rehearsal/rehearse.ts";
import { type StateCopy, withCopy } from "../snapshot/copy.ts";
import { describeDrill, drillOn } from "../snapshot/drill.ts";
import { leftOutProblem } from "../snapshot/left-out.ts";
import { withRepository } from "../snapshot/repository.ts";
import { surveyLines } from "../snapshot/survey.ts";
import { checkRepository, takeHotSnapshot } from "../snapshot/take.ts";
import type { WorkloadContext } from "../workload.ts";
import { measureRoom, megabytes, type Place, type Room, where } from "./room.ts";
import { failedStep, runStep } from "./step.ts";
import { budgetProblem, scaledBudgetNotice } from "./time-budget.ts";

/**
 * A hot snapshot of what serves, started by the version that wrote it, and then what `next` tries on that copy. The
 * snapshot and its drill are on record afterwards.
 */
export function tryWhileServing<T>(
  context: WorkloadContext,
  served: Pick<Unit, "image" | "environment">,
  next: (copy: StateCopy, rehearsed: Rehearsed) => Promise<T>,
): Promise<{ snapshot: SnapshotEntry; result: T }> {
  const { image: from, environment } = served;
  const { image: to } = context.workload;
  return withRepository(context, "preparation", async () => {
    const snapshot = await runStep(
      context,
      "hot snapshot",
      async () => {
        const problem = leftOutProblem(context.workload, await context.log.read());
        if (problem !== undefined) throw new OperationFailure(problem);
        const room = await refuseTooLittleSpace(context);
        noticeLoad(context, room);
        const taken = await takeHotSnapshot(context, from, room.survey);
        await checkRepository(context);
        return taken;
      },
      describeSnapshot,
    );
    await context.log.append(snapshot);
    for (const line of snapshot.survey === undefined ? [] : surveyLines(snapshot.survey))
      context.progress(line);
    const coldPass = coldPassAfter(context, snapshot);
    const problem = await stateProblem(context, coldPass);
    if (problem !== undefined) throw failedStep(context, "hot snapshot", new OperationFailure(problem));
    const result = await withDrilledCopy(context, snapshot.snapshot, from, (copy, before) =>
      next(copy, { from, to, snapshot, coldPass, served: environment, before }),
    );
    return { snapshot, result };
  });
}

/** Drills a snapshot, and hands its copy and what the old version has printed on it to what is tried next. */
export async function withDrilledCopy<T>(
  context: WorkloadContext,
  snapshot: string,
  image: string,
  next: (copy: StateCopy, said: string[]) => Promise<T>,
): Promise<T> {
  let isOurs = false;
  try {
    return await withCopy(context, snapshot, async (copy) => {
      isOurs = true;
      return next(copy, await drilled(context, copy, image));
    });
  } catch (error) {
    // Another one has the place where copies are tried.
    throw isOurs ? error : failedStep(context, "drill", error);
  }
}

/** @returns what the version has printed. */
async function drilled(context: WorkloadContext, copy: StateCopy, image: string): Promise<string[]> {
  const { drill, said } = await runStep(
    context,
    "drill",
    async () => {
      const passed = await drillOn(context, copy, image);
      const problem = budgetProblem(context.workload, passed.drill.seconds);
      if (problem !== undefined) {
        throw new OperationFailure(problem);
      }
      const records = await context.log.read();
      const notice = scaledBudgetNotice(context.workload, passed.drill.seconds, records);
      if (notice !== undefined) {
        context.progress(notice);
      }
      return passed;
    },
    ({ drill: each }) => describeDrill(each),
  );
  await context.log.append(drill);
  return said;
}

/** Fails when a drill or a snapshot would fill a disk or take the memory of what serves. */
export async function refuseTooLittleSpace(context: WorkloadContext): Promise<Room> {
  const { snapshots } = context.workload;
  const room = await measureRoom(context);
  // A copy beside the state is a restore's, one in the repository the snapshot's, one on Docker's own disk the drill's.
  for (const place of Object.keys(room.free) as Place[]) {
    const needed = copyBeside(place, room) + snapshots.minimumFree;
    const free = room.free[place] ?? 0;
    if (free < needed) {
      throw new OperationFailure(
        `${megabytes(free)} are free ${where(context, place)}, but ${megabytes(needed)} are needed (a copy of the state and ` +
          "clawforce:snapshots.minimumFree). Free space, or give it a larger disk.",
      );
    }
  }
  const memory = room.memoryFree;
  if (memory < snapshots.drill.memory) {
    throw new OperationFailure(
      `${megabytes(memory)} of memory are free, but the drill needs ${megabytes(snapshots.drill.memory)} ` +
        "(clawforce:snapshots.drill.memory). Free memory first: a host that swaps or kills would stop other gateways.",
    );
  }
  return room;
}

/** Bytes of a copy of what is there: of the whole state, or of a further place of it. */
function copyBeside(place: Place, { furtherUsed, stateUsed }: Room): number {
  return furtherUsed?.[place] ?? stateUsed;
}

/** Percent of the processors from which on a migration is known to fail: OpenClaw's gives a thread 5 s to begin. */
const busy = 300;

function noticeLoad({ workload, progress }: WorkloadContext, { load }: Pick<Room, "load">): void {
  if (load < busy || workload.migrate === undefined) return;
  progress(
    `the host is busy: its load is ${(load / 100).toFixed(1)} times its processors. Migrations fail without free processors: better wait until it is idle`,
  );
}

export function describeSnapshot({ snapshot, files, bytes, leftOut = [] }: SnapshotEntry): string {
  const without = leftOut.length === 0 ? "" : `, without ${leftOut.join(" and ")}`;
  return `${snapshot.slice(0, 8)}, ${files} files, ${megabytes(bytes)}${without}`;
}
