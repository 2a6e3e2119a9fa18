import type { ContainerConfig } from "../config/container-schema.ts";
import type { StateLocation } from "../config/rollout.ts";
import type { StatePlaces } from "../config/state-places.ts";
import type { AsideNames, Displaced, Loss, WantedUnit } from "./displaced.ts";
import type { HttpClient } from "./http.ts";
import type { InPlace } from "./in-place.ts";
import type { LockHolder, LockRequest } from "./lock.ts";
import type { PlatformWords } from "./words.ts";

/*
 * What a workload can be run by. Whatever happens to a workload (lifecycle/) is written against these interfaces alone;
 * each platform has a folder here that implements them. Every call has a deadline, and ends with a failure after it.
 */

/** What is there under the name of a workload, as the platform itself has it. */
export interface Unit {
  id: string;
  /** The reference that it was made with, and its digest as far as the platform knows it. */
  image: string;
  /** The image that it really runs, by the platform's own id. */
  imageId: string;
  /** The platform's word for its state: "running", "exited". */
  status: string;
  running: boolean;
  paused: boolean;
  /** What its health check says; undefined: it has none. */
  health: string | undefined;
  /** Of its last end. */
  exitCode: number;
  /** ISO 8601. */
  startedAt: string;
  /** ISO 8601: since when it is in this state. */
  since: string;
  restarts: number;
  /** `NAME=value` */
  environment: readonly string[];
  mounts: readonly UnitMount[];
  /** Seconds between the signal and the kill, where it has its own. */
  stopGrace: number | undefined;
  /** When the platform starts it again by itself, in the platform's own words: "unless-stopped". */
  restart: string;
  /** The platform removes it once it is stopped. */
  temporary?: true;
  /** The platform keeps all that it ever prints: its log grows until the disk is full. */
  endlessLog?: true;
  /** The control plane that made it. */
  managedBy?: string;
  /** Of a platform that changes units in their place: see `Displaced`. */
  beside?: readonly string[];
}

/** How a unit runs, whatever is in it. */
export type UnitCondition = Pick<
  Unit,
  "status" | "running" | "paused" | "health" | "temporary" | "managedBy"
>;

export interface UnitMount {
  from: StateLocation;
  /** Path in it. */
  at: string;
  writable: boolean;
}

export interface WantedLook {
  /** Name of the unit. */
  unit: string;
  /** The workload that it is to be of. */
  workload: string;
}

/** What is there under the name of a workload, as one look at all of them shows it. */
export interface Observed {
  id: string;
  /** The workload that the stack has made it for; missing where it has not. */
  of?: string;
  /** The reference that it was made with, and its digest as far as the platform knows it. */
  image: string;
  /** The platform's word: "running", "exited". */
  state: string;
  /** As far as the platform can say: it runs, and is not unhealthy. */
  serves: boolean;
  /** Id of the unit whose network it has. */
  networkOf?: string;
  /** The control plane that made it. */
  managedBy?: string;
  /** It is none of this stack's: a sentence that says whose, and what to do. */
  stranger?: string;
}

export interface ExecOptions {
  /** Seconds until the call fails. The program itself may go on. */
  deadline: number;
  stdin?: string;
  /** What messages call it, where its argv is a script of ours. */
  name?: string;
}

export interface JobResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface LogLine {
  /** When the platform got it. */
  time: Date;
  text: string;
}

/** A place that a job works on. */
export interface JobPlace {
  from: StateLocation;
  /** Path in the job. */
  at: string;
  readOnly: boolean;
  /** Fails with `PlaceMissing` where it would be made. */
  onlyIfThere?: true;
}

/** A short program of ours beside the state of a workload: started, waited for and removed, whatever happens to it. */
export interface Job {
  /** The workload that it works for, and after a slash what it does, where no lock guards it: see `lookOf`. */
  workload: string;
  /** What it does, for messages: "hot snapshot". */
  purpose: string;
  image: string;
  argv: string[];
  places: JobPlace[];
  environment?: Record<string, string>;
  /** The way for secrets, which neither argv nor environment may carry. */
  stdin?: string;
  /** What it prints holds secrets: the platform keeps no log of it. */
  unlogged?: true;
  /** Seconds until it is removed and the call fails. */
  deadline: number;
}

/** Jobs of a workload that follow each other on the same places. `purpose`: of all of them together. */
export interface JobSeries extends Pick<Job, "workload" | "purpose" | "image" | "places" | "environment"> {
  /** Seconds after which it ends by itself, should nobody be left to end it. */
  deadline: number;
}

/** A series that was made ready: nothing of its places is read or written but by its jobs. */
export interface OpenSeries {
  /** One at a time. */
  run(job: Pick<Job, "purpose" | "argv" | "stdin" | "deadline">): Promise<JobResult>;
  /**
   * Tells it to end, whatever is in it. What starts on its places next waits for that, and nobody does before.
   *
   * @param failure - what has come of its jobs; that it can't be told then must not hide that.
   */
  close(failure?: unknown): Promise<void>;
}

/** For what only looks at a workload, whoever works on it meanwhile. */
export function lookOf(workload: string): string {
  return `${workload}/look`;
}

/** Something short-lived of ours that outlived the run it belongs to. */
export interface LeftOver {
  kind: "container" | "volume" | "lock";
  /** The platform's id or name. */
  id: string;
  /** "cold snapshot of support-2". */
  what: string;
}

/** Something with a stack's mark. */
export interface Marked {
  name: string;
  id: string;
  image: string;
  /** The platform's words: "running", "Up 3 minutes". */
  state: string;
  status: string;
}

export interface HttpOrigin {
  /** From inside its own network: reachable with no port published. Goes with the unit, after a cut-over open another. */
  unit: string;
  /** Image with curl. */
  image: string;
  /** The workload and what the client is for: "bot-a/probe". */
  workload: string;
  /** As seen from there: `http://127.0.0.1:8000`. */
  url: string;
}

/** What a workload is started with, for a trial where it has no unit to copy that from. */
export interface StartSettings {
  entrypoint?: string[];
  command?: string[];
  user?: string;
  workingDirectory?: string;
  /** Beside its state. A trial has those of the host read-only. */
  mounts?: ContainerConfig["mounts"];
  environment: Record<string, string>;
  /** Those of its variables whose values nobody may read where it runs. */
  secret?: readonly string[];
  /** Bytes; undefined: no limit of its own. */
  memory?: number;
  /** The command of the health check, and its times in seconds. */
  health: { command: string[]; interval: number; timeout: number; retries: number; startPeriod: number };
}

export interface TrialLimits {
  /** Bytes, at least: a unit that may have more has more here. */
  memory: number;
  cpus: number;
  processes: number;
}

/** A start of an image on the scratch copy of its name: without a network, and never beside the state itself. */
export interface Trial {
  /** Its own, and that of its scratch copy. */
  name: string;
  workload: string;
  image: string;
  /** Started as this unit was, where it is there; else like this. */
  like: { unit?: string; otherwise: StartSettings };
  /** In place of what the unit has. */
  environment: Record<string, string>;
  /** The scratch copy, and where it stands in it. */
  places: StatePlaces;
  limits: TrialLimits;
  /** Seconds until it must be healthy. */
  deadline: number;
}

/** A program of an image, run to its end on a state that nothing has open, without a network. */
export interface ProgramRun {
  name: string;
  workload: string;
  /** What it does, for messages: "migration". */
  purpose: string;
  image: string;
  /** Its user, variables and mounts; it is started by its own argv. */
  start: StartSettings;
  argv: string[];
  /** In place of what `start` has. */
  environment: Record<string, string>;
  /** The state, and where it stands in it. */
  places: StatePlaces;
  limits: TrialLimits;
  /** Seconds until it and all that it has started is killed. */
  deadline: number;
}

export interface ProgramResult {
  /** Undefined: it was killed at its deadline. */
  exitCode: number | undefined;
  /** What it has printed, both streams; of much only the end. */
  output: string;
}

/** A platform that is asked about the workloads of one place: a Docker host, a cluster, a machine. */
export interface Platform {
  /** Undefined: its provider removes a unit and creates another one. */
  readonly inPlace?: InPlace;
  /** Where it is, for messages: "ssh://deploy@docker-1.example.com". */
  readonly address: string;
  /** Seconds that it may take to answer a question. */
  readonly answer: number;
  /**
   * All of a stack in one look, by the names of units: those that are asked for, and whatever else the stack has made for
   * these workloads. Throws one sentence where the place does not answer.
   */
  observe(wanted: readonly WantedLook[], stack: string): Promise<Map<string, Observed>>;
  /** What its images have to be made for: "linux/amd64". */
  architecture(): Promise<string>;
  /** What its own clock shows. */
  clock(): Promise<Date>;
  /** What runs the units: "20.10.24", and the version of its API: "1.41". */
  engine(): Promise<{ version: string; api: string }>;
  /** What an update needs and the deployer may not do, in the platform's words. Missing: who reaches it may do all of it. */
  missingRights?(): Promise<string[]>;
  /** Everything that bears a stack's mark, by name. */
  marked(stack: string): Promise<Marked[]>;
  /** One of them, as it is now; undefined: nothing is there under this name. */
  unit(name: string): Promise<Unit | undefined>;
  /** What a unit was started with, by a question that loads nothing: it is asked in each preview. Undefined: nothing is there. */
  commandOf(name: string): Promise<readonly string[] | undefined>;
  /** Who else has the network of a unit, by name. */
  sharingNetwork(name: string): Promise<string[]>;
  exec(name: string, argv: string[], options: ExecOptions): Promise<JobResult>;
  openHttp(origin: HttpOrigin): Promise<HttpClient>;
  /** What it has printed since a time, line by line and as fast as it is taken. Seconds for all of it. */
  logs(name: string, options: { since: Date; deadline: number }): AsyncIterable<LogLine>;
  /** Whether its log still has what was printed at a time. */
  logReachesBack(name: string, time: Date, deadline: number): Promise<boolean>;

  /** Gets an image, with the credentials of this machine, unless it is there under this very reference. */
  fetch(reference: string): Promise<"present" | "pulled">;
  /** Bytes; undefined: it is not there. A reference, or an id that a unit names. */
  imageSize(image: string): Promise<number | undefined>;
  /** What it says it is; undefined: nothing. */
  imageVersion(image: string): Promise<string | undefined>;

  /** Seconds between the signal and the kill. Returns only with proof that it has ended. */
  stop(name: string, grace: number): Promise<{ seconds: number; killed: boolean }>;
  /** Starts it, or lets a paused one go on, and waits until it is healthy. */
  start(name: string, deadline: number): Promise<void>;
  waitHealthy(name: string, deadline: number): Promise<void>;
  remove(name: string): Promise<void>;
  /** Keeps the platform from starting a unit by itself. */
  neverRestart(id: string): Promise<void>;
  /**
   * Gives a stopped unit another name, and keeps everybody from starting it.
   *
   * @returns why it can be started all the same; undefined: it can't.
   */
  setAside(id: string, name: string): Promise<string | undefined>;
  /** Undoes both; what is as it was already stays. The caller starts it. */
  putBack(displaced: Displaced): Promise<void>;
  /** The same for a person, as command lines which stop what runs in its place and start it. */
  waysBack(displaced: Displaced, names: AsideNames): string[];
  /** What a unit of somebody else's has and the workload's own one would not have. */
  lossesOf(name: string, wanted: WantedUnit): Promise<Loss[]>;
  /** What is there under the name of a workload, and is none of this stack's: a sentence with what to do; undefined: it is. */
  strangerAt(workload: { stack: string; name: string; unit: string }): Promise<string | undefined>;
  /** Refuses while something else has the state open, or would be started on it by the platform itself. */
  refuseOtherWriters(workload: {
    name: string;
    unit: string;
    /** All places that its state is in. */
    state: readonly StateLocation[];
    image: string;
  }): Promise<void>;

  job(job: Job): Promise<JobResult>;
  /** Makes ready what jobs need that are to begin at once when their turn has come. */
  openSeries(series: JobSeries): Promise<OpenSeries>;
  /** Runs `work` while no other deployer, on whatever machine, holds the same lock. */
  lock<T>(request: LockRequest, work: () => Promise<T>): Promise<T>;
  /** All locks that are held. */
  locks(): Promise<LockHolder[]>;
  /** Ends the jobs of a workload that an interrupted run has left. For who holds its lock. Returns what they did. */
  endJobs(workload: string): Promise<string[]>;
  /** What killed runs have left of these workloads: jobs, trials with their copies, and locks that nothing holds. */
  leftOvers(workloads: readonly string[]): Promise<LeftOver[]>;
  removeLeftOver(leftOver: LeftOver): Promise<void>;

  /** An empty place for a copy of each of these, all of them for the trial of this name. */
  makeScratch(name: string, workload: string, like: StatePlaces): Promise<StatePlaces>;
  /**
   * Returns once it is healthy; see `TrialFailed`.
   *
   * @returns what it was not kept apart from, as a sentence; undefined: it had no network.
   */
  trial(trial: Trial): Promise<string | undefined>;
  /** Stops a trial and keeps its scratch copy for the next one. Seconds between the signal and the kill. */
  endTrial(name: string, grace: number): Promise<{ seconds: number; killed: boolean }>;
  /** The trial of this name and its scratch copies; all of them may be gone. */
  removeTrial(name: string): Promise<void>;
  /** It is removed whatever happens. */
  runProgram(program: ProgramRun): Promise<ProgramResult>;

  /** Variables by which a program of the operator's reaches the same place, beside those of the deployer. */
  reach(deployer: NodeJS.ProcessEnv): Record<string, string>;
  /** An error that came past the calls above, told as theirs are where the way to the place is its cause. */
  explain(error: unknown): unknown;
  /** An error of any of these as words. */
  describe(error: unknown): string;
  readonly words: PlatformWords;
}

/** The place of a job is not there. */
export class PlaceMissing extends Error {}

/** What was tried did not become healthy. */
export class TrialFailed extends Error {
  /** Its last lines. */
  readonly said: string[];
  /** Bytes of memory that it was allowed, where it ran out of them. */
  readonly outOfMemory: number | undefined;

  constructor(reason: string, { said, outOfMemory }: { said: string[]; outOfMemory: number | undefined }) {
    super(reason);
    this.said = said;
    this.outOfMemory = outOfMemory;
  }
}
