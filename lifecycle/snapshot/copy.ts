import { shortReference } from "../../config/image-reference.ts";
import type { StatePlaces } from "../../config/state-places.ts";
import { formatDuration } from "../../config/units.ts";
import type { Trial, TrialLimits } from "../../platforms/platform.ts";
import { statePlaces, type WorkloadContext } from "../workload.ts";
import { dropGatewayLocks } from "./gateway-locks.ts";
import { describeLeft } from "./left-places.ts";
import { parseScriptReport } from "./markers.ts";
import { printedLines } from "./printed-lines.ts";
import { runScript } from "./repository.ts";

/** Threads and processes of what is started on a copy: a gateway with its channels has under 100. */
const processLimit = 1024;

/** Of everything that is started on a copy, or works on one. */
export function copyLimits({ workload }: Pick<WorkloadContext, "workload">): TrialLimits {
  const { memory, cpus } = workload.snapshots.drill;
  return { memory, cpus, processes: processLimit };
}

/** A copy of a state, from a snapshot, for what is tried on it one after the other. */
export interface StateCopy {
  snapshot: string;
  /** Of the copy, and of what is started on it. */
  name: string;
  /** Where it is, once it was restored. */
  restored(): Promise<StatePlaces>;
  /**
   * Starts an image on it, without a network and without channels, and hands `work` what it has printed until it was
   * healthy. It is stopped afterwards. See `TrialFailed`.
   *
   * @param deadline - seconds until it must be healthy.
   */
  started<T>(
    image: string,
    like: Trial["like"],
    deadline: number,
    work: (said: string[]) => Promise<T>,
  ): Promise<T>;
}

/** Runs `work` while nothing else is drilled, rehearsed or migrated on the platform. Others are waited for, 15 minutes at most. */
export function whileNothingIsTried<T>(
  { workload, platform, progress }: WorkloadContext,
  purpose: string,
  work: () => Promise<T>,
): Promise<T> {
  const { image } = workload.snapshots;
  return platform.lock(
    { kind: "drill", of: "", purpose: `${purpose} of ${workload.name}`, image, wait: 900, progress },
    work,
  );
}

/**
 * One at a time on a platform: a gateway takes over 500 MB, and a migration needs free processors. The copy and all that
 * runs on it is removed, whatever happens.
 */
export function withCopy<T>(
  context: WorkloadContext,
  snapshot: string,
  work: (copy: StateCopy) => Promise<T>,
): Promise<T> {
  const { workload, platform, progress } = context;
  const name = `clawforce-drill-${workload.stack}-${workload.name}`;
  return whileNothingIsTried(context, "drill", async () => {
    const restored = once(() => restoreTo(context, name, snapshot));
    try {
      return await work({
        ...{ snapshot, name, restored },
        started: async (image, like, deadline, then) => {
          const { environment } = workload.snapshots.drill;
          const limits = copyLimits(context);
          const places = await restored();
          const open = await platform.trial({
            ...{ name, workload: workload.name, image, like, environment, places, limits, deadline },
          });
          if (open !== undefined) progress(`${shortReference(image)} on the copy: ${open}`);
          const result = await then(await printedLines(platform, name));
          const { killed } = await platform.endTrial(name, workload.stopGrace);
          if (killed) {
            progress(
              `${shortReference(image)} did not end within ${formatDuration(workload.stopGrace)} on the copy and was killed. So it would be in an update: make \`stopGrace\` longer.`,
            );
            // As after a stop in an update: what comes next on this copy must not find them.
            const [{ from: state }, ...furtherPlaces] = places;
            await dropGatewayLocks({ platform, workload: { ...workload, state, furtherPlaces } });
          }
          return result;
        },
      });
    } finally {
      await platform.removeTrial(name);
    }
  });
}

async function restoreTo(context: WorkloadContext, name: string, snapshot: string): Promise<StatePlaces> {
  const { workload, platform } = context;
  await platform.removeTrial(name);
  const scratch = await platform.makeScratch(name, workload.name, statePlaces(workload));
  const { stdout } = await runScript(context, {
    script: "restore-to-scratch",
    purpose: "restore of the drill",
    state: "none",
    scratch,
    arguments: [snapshot],
  });
  const lines = describeLeft(parseScriptReport(stdout), snapshot, "The copy of it is empty");
  for (const line of lines) context.progress(line);
  return scratch;
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let begun: Promise<T> | undefined;
  return () => {
    begun ??= work();
    return begun;
  };
}
