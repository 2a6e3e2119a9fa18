import { sourceOf } from "../../config/rollout.ts";
import type { StatePlaces } from "../../config/state-places.ts";
import type { AsideNames, Displaced, Loss } from "../displaced.ts";
import { OperationFailure } from "../failure.ts";
import type { HttpAnswer, HttpClient, HttpRequest } from "../http.ts";
import { oneByOne } from "../job-series.ts";
import type { LockHolder, LockRequest } from "../lock.ts";
import type {
  Job,
  JobResult,
  JobSeries,
  LeftOver,
  LogLine,
  Marked,
  Observed,
  OpenSeries,
  Platform,
  ProgramResult,
  ProgramRun,
  Trial,
  Unit,
  WantedLook,
} from "../platform.ts";
import type { PlatformWords } from "../words.ts";
import { Deeds } from "./deeds.ts";

/** The result of a job, by its purpose: what it prints, and its exit code (default 0). Below 0: it is killed at its deadline. */
export type JobAnswer = { stdout?: string; stderr?: string; exitCode?: number };

/**
 * A platform without any engine, for tests of what happens to a workload: units stand in a map, each change is told in its
 * order by `did`, and each can be made to fail. What it is asked and nobody has said an answer for is an error.
 */
export class MemoryPlatform implements Platform {
  readonly address = "memory";
  readonly answer = 30;
  /** "stop bot-a", "cold snapshot of bot-a", "start bot-a" */
  readonly deeds = new Deeds();
  readonly units = new Map<string, Unit>();
  /** Reference or id -> bytes and version. */
  readonly images = new Map<string, { size: number; version?: string }>();
  /** By purpose; in their order where there are several. */
  readonly jobs = new Map<string, JobAnswer[]>();
  /** By path. */
  readonly http = new Map<string, Pick<HttpAnswer, "status" | "body">>();
  /** What is answered instead to a request that says it was forwarded. */
  forwarded: Pick<HttpAnswer, "status" | "body"> | undefined;
  /** What a unit has printed, by its name, or a trial, by its image. */
  readonly log = new Map<string, string[]>();
  /** Image of each trial, by its name. */
  readonly #trials = new Map<string, string>();
  /** What has a state open beside its own unit, as a sentence. */
  otherWriter: string | undefined;
  /** What a unit of somebody else's has and the workload's own one would not have. */
  losses: Loss[] = [];
  /** Why a unit that was set aside can be started all the same. */
  startsAllTheSame: string | undefined;
  /** Units that are none of the stack's: their ids, with a sentence each. */
  readonly strangers = new Map<string, string>();
  /** What a unit becomes when it is started. */
  health = "healthy";
  runsOn = { version: "28.0.0", api: "1.48" };
  /** Seconds by which its clock is fast. */
  clockIsFast = 0;
  /** It can't be reached: whatever is asked fails with it. */
  unreachable: Error | undefined;
  /** Held by others: whoever wants one of them is refused. */
  readonly holders: LockHolder[] = [];
  /** What killed runs have left, by what it is. */
  readonly left = new Map<string, LeftOver>();
  /** Jobs of killed runs, by their workload. */
  readonly jobsLeft = new Map<string, string[]>();
  /** Unit -> the workload that the stack has made it for, where its name does not say it. */
  readonly madeFor = new Map<string, string>();
  /** Unit -> the one whose network it has. */
  readonly networkOf = new Map<string, string>();
  /** What trials are not kept apart from, as a sentence. */
  notApart: string | undefined;
  /** Copies of a state for trials. */
  readonly scratches = new Set<string>();

  get did(): string[] {
    return this.deeds.list;
  }

  /** The next time that this is done it fails. */
  fail(what: string, error: Error): void {
    this.deeds.fail(what, error);
  }

  /** Tells what is done, and fails or never returns where that was said. */
  async do(what: string): Promise<void> {
    this.#reach();
    await this.deeds.tell(what);
  }

  /** Runs `name` as a unit of this image, as if it had been there all the time. */
  run(name: string, image: string, change: Partial<Unit> = {}): Unit {
    const unit: Unit = {
      ...{ id: `unit of ${image}`, image, imageId: image, status: "running", running: true, paused: false },
      ...{ health: "healthy", exitCode: 0, startedAt: long, since: long, restarts: 0 },
      ...{ environment: [], mounts: [], stopGrace: undefined, restart: "unless-stopped", ...change },
    };
    this.units.set(name, unit);
    this.images.set(image, { size: 1000 });
    return unit;
  }

  async observe(wanted: readonly WantedLook[]): Promise<Map<string, Observed>> {
    await this.do("observe");
    const others = [...this.madeFor].map(([unit, workload]) => ({ unit, workload }));
    const found = [...wanted, ...others].flatMap(({ unit: name, workload }): [string, Observed][] => {
      const unit = this.units.get(name);
      if (unit === undefined) return [];
      const serves = unit.running && !unit.paused && unit.health !== "unhealthy";
      const stranger = this.strangers.get(unit.id);
      const isMade = name === workload || this.madeFor.get(name) === workload;
      const foreign = stranger !== undefined ? { stranger } : isMade ? { of: workload } : {};
      const networkOf = this.units.get(this.networkOf.get(name) ?? "")?.id;
      const shared = networkOf === undefined ? {} : { networkOf };
      return [[name, { id: unit.id, image: unit.image, state: unit.status, serves, ...shared, ...foreign }]];
    });
    return new Map(found);
  }

  async architecture(): Promise<string> {
    this.#reach();
    return "linux/amd64";
  }

  async engine(): Promise<{ version: string; api: string }> {
    this.#reach();
    return this.runsOn;
  }

  async clock(): Promise<Date> {
    this.#reach();
    return new Date(Date.now() + this.clockIsFast * 1000);
  }

  async marked(): Promise<Marked[]> {
    this.#reach();
    return [...this.units].map(([name, { id, image, status }]) => ({
      name,
      id,
      image,
      state: status,
      status,
    }));
  }

  async commandOf(name: string): Promise<readonly string[] | undefined> {
    return this.units.has(name) ? [] : undefined;
  }

  async sharingNetwork(name: string): Promise<string[]> {
    this.#reach();
    return [...this.networkOf].filter(([, owner]) => owner === name).map(([unit]) => unit);
  }

  async unit(name: string): Promise<Unit | undefined> {
    this.#reach();
    return this.units.get(name);
  }

  async exec(name: string, argv: string[]): Promise<JobResult> {
    return await this.#answered(`${argv.join(" ")} in ${name}`);
  }

  async openHttp({ unit }: { unit: string }): Promise<HttpClient> {
    await this.do(`ask ${unit}`);
    return {
      target: unit,
      send: async ({ path, headers }: HttpRequest) => {
        const isForwarded = headers?.["x-forwarded-for"] !== undefined;
        const answer = (isForwarded ? this.forwarded : undefined) ?? this.http.get(path);
        if (answer === undefined) throw new OperationFailure(`${unit} does not answer ${path}`);
        return { cookies: [], ...answer };
      },
      download: () => Promise.reject(new Error("nothing is downloaded here")),
      close: async () => {},
    };
  }

  async *logs(name: string): AsyncGenerator<LogLine> {
    const lines = this.log.get(this.#trials.get(name) ?? name) ?? [];
    for (const text of lines) yield { time: new Date(long), text };
  }

  async logReachesBack(): Promise<boolean> {
    return true;
  }

  async fetch(reference: string): Promise<"present" | "pulled"> {
    await this.do(`fetch ${reference}`);
    if (this.images.has(reference)) return "present";
    this.images.set(reference, { size: 1000 });
    return "pulled";
  }

  async imageSize(image: string): Promise<number | undefined> {
    return this.images.get(image)?.size;
  }

  async imageVersion(image: string): Promise<string | undefined> {
    return this.images.get(image)?.version;
  }

  async stop(name: string): Promise<{ seconds: number; killed: boolean }> {
    await this.do(`stop ${name}`);
    this.#change(name, { running: false, paused: false, status: "exited" });
    return { seconds: 1, killed: false };
  }

  async start(name: string): Promise<void> {
    await this.do(`start ${name}`);
    this.#change(name, { running: true, paused: false, status: "running", health: this.health });
    if (this.health !== "healthy") throw new OperationFailure(`${name} is ${this.health}`);
  }

  async waitHealthy(name: string): Promise<void> {
    await this.do(`wait for ${name}`);
    if (this.units.get(name)?.health !== "healthy") throw new OperationFailure(`${name} is not healthy`);
  }

  async remove(name: string): Promise<void> {
    await this.do(`remove ${name}`);
    this.units.delete(name);
  }

  async neverRestart(id: string): Promise<void> {
    const name = this.#nameOf(id);
    await this.do(`keep ${name} from restarting`);
    this.#move(id, name, { restart: "no" });
  }

  async setAside(id: string, name: string): Promise<string | undefined> {
    await this.do(`set ${this.#nameOf(id)} aside as ${name}`);
    this.#move(id, name, { restart: "no" });
    return this.startsAllTheSame;
  }

  async putBack({ id, name, restart }: Displaced): Promise<void> {
    await this.do(`put ${name} back`);
    this.#move(id, name, { restart });
  }

  waysBack({ name }: Displaced, { kept: aside }: AsideNames): string[] {
    return [`move ${aside} to ${name}`];
  }

  async lossesOf(): Promise<Loss[]> {
    this.#reach();
    return this.losses;
  }

  async strangerAt({ unit }: { unit: string }): Promise<string | undefined> {
    this.#reach();
    return this.strangers.get(this.units.get(unit)?.id ?? "");
  }

  async refuseOtherWriters(): Promise<void> {
    this.#reach();
    if (this.otherWriter !== undefined) throw new OperationFailure(this.otherWriter);
  }

  async job({ purpose, workload }: Job): Promise<JobResult> {
    return await this.#answered(`${purpose} of ${workload.split("/")[0]}`, purpose);
  }

  async openSeries(series: JobSeries): Promise<OpenSeries> {
    await this.do(`make ready for the ${series.purpose} of ${series.workload}`);
    return oneByOne({ job: (job) => this.job(job) }, series);
  }

  async lock<T>({ kind, of }: LockRequest, work: () => Promise<T>): Promise<T> {
    this.#reach();
    const holder = this.holders.find((each) => each.kind === kind && each.of === of);
    if (holder !== undefined) {
      throw new OperationFailure(
        `process ${holder.pid} on ${holder.host} holds it for the ${holder.purpose}`,
      );
    }
    return work();
  }

  async locks(): Promise<LockHolder[]> {
    this.#reach();
    return this.holders;
  }

  async endJobs(workload: string): Promise<string[]> {
    const ended = this.jobsLeft.get(workload) ?? [];
    this.jobsLeft.delete(workload);
    return ended;
  }

  async leftOvers(): Promise<LeftOver[]> {
    this.#reach();
    return [...this.left.values()];
  }

  async removeLeftOver({ what }: LeftOver): Promise<void> {
    await this.do(`remove ${what}`);
    this.left.delete(what);
  }

  async makeScratch(name: string, _: string, [main, ...further]: StatePlaces): Promise<StatePlaces> {
    this.#reach();
    this.scratches.add(name);
    const copies = further.map(({ at }, index) => ({ from: { volume: `${name}.${index + 1}` }, at }));
    return [{ from: { volume: name }, at: main.at }, ...copies];
  }

  async trial({ name, image }: Trial): Promise<string | undefined> {
    this.#trials.set(name, image);
    await this.do(`trial of ${image}`);
    return this.notApart;
  }

  async endTrial(): Promise<{ seconds: number; killed: boolean }> {
    this.#reach();
    return { seconds: 1, killed: false };
  }

  async removeTrial(name: string): Promise<void> {
    this.scratches.delete(name);
  }

  async runProgram({ purpose, workload, argv, places }: ProgramRun): Promise<ProgramResult> {
    await this.do(`${argv.join(" ")} on ${places.map(({ from }) => sourceOf(from)).join(", ")}`);
    const { exitCode = 0, stdout = "" } = this.#next(`${purpose} of ${workload}`) ?? {};
    return { exitCode: exitCode < 0 ? undefined : exitCode, output: stdout };
  }

  describe(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
  }

  reach(): Record<string, string> {
    return {};
  }

  explain(error: unknown): unknown {
    return error;
  }

  readonly words: PlatformWords = {
    place: "this memory",
    disk: { name: "its own disk", advice: "Free some of it." },
    answerCommand: () => "nothing to be run",
    listCommand: () => "list of all",
    logCommand: (unit) => `log of ${unit}`,
    pullCommand: (reference) => `get ${reference}`,
    folderCommand: (path) => `make ${path}`,
    removeCommands: (unit) => [`stop ${unit}`, `remove ${unit}`],
  };

  async #answered(what: string, purpose = what): Promise<JobResult> {
    await this.do(what);
    const next = this.#next(purpose);
    if (next === undefined) throw new Error(`nobody has said what "${purpose}" answers`);
    return { exitCode: 0, stdout: "", stderr: "", ...next };
  }

  #next(purpose: string): JobAnswer | undefined {
    const [next, ...rest] = this.jobs.get(purpose) ?? [];
    // The last answer stays.
    if (rest.length > 0) this.jobs.set(purpose, rest);
    return next;
  }

  #change(name: string, change: Partial<Unit>): void {
    const unit = this.units.get(name);
    if (unit === undefined) throw new OperationFailure(`there is no ${name}`);
    this.units.set(name, { ...unit, ...change });
  }

  #nameOf(id: string): string {
    const found = [...this.units].find(([, unit]) => unit.id === id);
    if (found === undefined) throw new OperationFailure(`there is no unit with the id ${id}`);
    return found[0];
  }

  #move(id: string, name: string, change: Partial<Unit>): void {
    const before = this.#nameOf(id);
    if (before !== name && this.units.has(name)) throw new OperationFailure(`the name ${name} is taken`);
    const unit = this.units.get(before) as Unit;
    this.units.delete(before);
    this.units.set(name, { ...unit, ...change });
  }

  #reach(): void {
    if (this.unreachable !== undefined) throw this.unreachable;
  }
}

const long = "2026-11-01T00:00:00.000Z";
