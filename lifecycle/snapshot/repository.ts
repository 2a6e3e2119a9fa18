import { readFile } from "node:fs/promises";
import { asExpression, asGlob } from "../../config/left-out.ts";
import { placeName, type StatePlace, type StatePlaces } from "../../config/state-places.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import {
  type Job,
  type JobPlace,
  type JobResult,
  type JobSeries,
  lookOf,
  PlaceMissing,
} from "../../platforms/platform.ts";
import { isOfVersion, placesOfNoVersion } from "../evidence/moved-state.ts";
import { scriptDeadline, seriesDeadline } from "../update/time-budget.ts";
import { leftOut, statePlaces, type Workload, type WorkloadContext } from "../workload.ts";

export interface ScriptCall {
  /** File name below scripts/, without its ending. */
  script: string;
  purpose: string;
  arguments?: string[];
  /** Whether the state is mounted, and how: at /state, and each further place below /places. */
  state?: "read-only" | "read-write" | "none";
  /** Mounted below /scratch in the same way. */
  scratch?: StatePlaces;
  /** A copy that stands there in place of the workload's own state, and without its backups. */
  copy?: StatePlaces;
  /** Leaves out the further places that say nothing of a version. */
  ofVersion?: true;
  deadline?: number;
  /** It touches no repository and needs no lock: it is not ended when another deployer gets the lock. */
  looksOnly?: true;
  /** Fails when the state's volume or folder is missing, where it would be made. */
  onlyIfThere?: true;
}

const scripts = new URL("./scripts/", import.meta.url);

/** Of restic on the platform, shared by all workloads: an unchanged file is not read again. */
const resticCache = "clawforce-restic-cache";

async function scriptText(name: string): Promise<string> {
  const parts = ["library", "walk", "place-databases", name].map((part) =>
    readFile(new URL(`${part}.sh`, scripts), "utf8"),
  );
  return (await Promise.all(parts)).join("\n");
}

/** Folder of a workload's own repository on the Docker host. One each: restic's locks are repository-wide. */
export function repositoryOf(workload: Workload): string {
  return `${workload.snapshots.repositories}/${workload.name}`;
}

/** Runs one of the scripts in a container of the pinned snapshot image, next to the workload's state. */
export async function runScript(context: WorkloadContext, call: ScriptCall): Promise<JobResult> {
  const beside = jobBeside(context, call);
  const job = { ...beside, ...(await jobOf(context, call)) };
  return judged(context, call, await orPlaceMissing(context, call, () => context.platform.job(job)));
}

/** Scripts that follow each other on the state as it stands. */
export interface ScriptSeries {
  run(call: Pick<ScriptCall, "script" | "purpose" | "arguments">): Promise<JobResult>;
}

/** Makes ready what they need before `work` begins: while requests are held no script waits for that. */
export async function withScripts<T>(
  context: WorkloadContext,
  purpose: string,
  work: (series: ScriptSeries) => Promise<T>,
  /** What it fails with where they can't be made ready. */
  unready: (error: unknown) => unknown = (error) => error,
): Promise<T> {
  const shared = { purpose, state: "read-only" } as const;
  const whole = { ...jobBeside(context, shared), deadline: seriesDeadline(context.workload) };
  const series = await orPlaceMissing(context, shared, () => context.platform.openSeries(whole)).catch(
    (error) => {
      throw unready(error);
    },
  );
  let failure: unknown;
  try {
    return await work({
      run: async (call) => {
        const job = await jobOf(context, call);
        return judged(context, call, await orPlaceMissing(context, call, () => series.run(job)));
      },
    });
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    await series.close(failure);
  }
}

type Beside = Omit<ScriptCall, "script" | "arguments">;

function jobBeside({ workload }: WorkloadContext, call: Beside): Omit<JobSeries, "deadline"> {
  return {
    workload: call.looksOnly === true ? lookOf(workload.name) : workload.name,
    purpose: call.purpose,
    image: workload.snapshots.image,
    places: placesOf(workload, call),
    environment: {
      STATE_MOUNT: workload.mount,
      PLACES_OF_NO_VERSION: placesOfNoVersion.join("\n"),
      STATE_AT: mountLines(workload, call),
      LEFT_OUT: leftOutLines(workload, call.copy),
    },
  };
}

async function jobOf(
  { secrets }: WorkloadContext,
  { purpose, script, deadline = scriptDeadline, ...call }: ScriptCall,
): Promise<Pick<Job, "purpose" | "argv" | "stdin" | "deadline">> {
  const argv = ["bash", "-c", await scriptText(script), script, ...(call.arguments ?? [])];
  return { purpose, argv, stdin: secrets.snapshotPassword, deadline };
}

function judged({ workload }: WorkloadContext, { purpose }: ScriptCall, result: JobResult): JobResult {
  const { exitCode, stderr } = result;
  if (exitCode === 0) return result;
  const said = stderr.trim().split("\n").slice(-6).join("\n  ");
  throw new OperationFailure(
    `${workload.name}: the ${purpose} failed (exit code ${exitCode}, repository ${repositoryOf(workload)}):\n  ${said}`,
  );
}

async function orPlaceMissing<T>(
  { workload }: WorkloadContext,
  { purpose, onlyIfThere }: Beside,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PlaceMissing) || onlyIfThere === true) throw error;
    throw new OperationFailure(
      `${workload.name}: the ${purpose} failed: a mount with \`state: true\` names a folder that is not there (${error.message}). ` +
        "Correct its `source`, or make the folder.",
    );
  }
}

function placesOf(
  workload: Workload,
  { state = "none", scratch, copy, onlyIfThere, ofVersion }: Beside,
): JobPlace[] {
  const backups = copy === undefined ? workload.backups : undefined;
  const readOnly = state === "read-only";
  const own = { readOnly, ...(onlyIfThere && { onlyIfThere }) };
  const [main, ...further] = copy ?? statePlaces(workload);
  const read = further.filter(({ at }) => ofVersion === undefined || isOfVersion(at));
  return [
    { from: { directory: repositoryOf(workload) }, at: "/repository", readOnly: false },
    { from: { volume: resticCache }, at: "/cache", readOnly: false },
    ...(state === "none" ? [] : [{ from: main.from, at: "/state", ...own }]),
    ...(state === "none" ? [] : read.map((place) => furtherPlace("/places", place, readOnly))),
    ...(state === "none" || backups === undefined || onlyIfThere
      ? []
      : [{ from: backups, at: "/backups", ...own }]),
    ...(scratch === undefined ? [] : scratchPlaces(scratch)),
  ];
}

/** A line for each root of the state in the container of the script, with where the workload sees it. */
function mountLines(workload: Workload, { copy }: Beside): string {
  const [main, ...further] = copy ?? statePlaces(workload);
  const lines = [`/state\t${main.at}`, ...further.map(({ at }) => `/places/${placeName(at)}\t${at}`)];
  if (workload.backups !== undefined) lines.push(`/backups\t${workload.backups.path}`);
  return lines.join("\n");
}

/** A line for each path that a snapshot leaves out: its root, and what is below it for find and for restic. */
function leftOutLines(workload: Workload, places = statePlaces(workload)): string {
  const lines = leftOut(workload, places).map(({ at, ...each }) => {
    const root = at === places[0].at ? "/state" : `/places/${placeName(at)}`;
    return [root, asExpression(each), asGlob(each)].join("\t");
  });
  return lines.join("\n");
}

function scratchPlaces([main, ...further]: StatePlaces): JobPlace[] {
  return [
    { from: main.from, at: "/scratch/state", readOnly: false },
    ...further.map((place) => furtherPlace("/scratch/places", place, false)),
  ];
}

/** A folder of the host is somebody's: one that is not there is a mistake, and is not made. */
export function furtherPlace(below: string, { from, at }: StatePlace, readOnly: boolean): JobPlace {
  const place = { from, at: `${below}/${placeName(at)}`, readOnly };
  return "directory" in from ? { ...place, onlyIfThere: true } : place;
}

/**
 * Runs `work` with the workload's repository to itself, whoever else works from whatever machine. Taken before a hold
 * begins, so that no request waits for it. Containers of ours that still work for the workload belong to a run that is
 * over, and are ended; each script drops the locks of restic that such a run has left.
 */
export function withRepository<T>(
  context: WorkloadContext,
  purpose: string,
  work: () => Promise<T>,
): Promise<T> {
  const { platform, workload, progress } = context;
  const image = workload.snapshots.image;
  const lock = { kind: "repository" as const, of: workload.name, purpose, image, wait: 120, progress };
  return platform.lock(lock, async () => {
    for (const left of await platform.endJobs(workload.name)) {
      progress(`removed a left-over container (${left})`);
    }
    return work();
  });
}
