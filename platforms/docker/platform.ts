import type Docker from "dockerode";
import type { StatePlaces } from "../../config/state-places.ts";
import type { AsideNames, Displaced, Loss, WantedUnit } from "../displaced.ts";
import type { HttpClient } from "../http.ts";
import { oneByOne } from "../job-series.ts";
import type { LockHolder, LockRequest } from "../lock.ts";
import type {
  ExecOptions,
  HttpOrigin,
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
import { certificateFolder, type DockerHost, defaultAnswer } from "./access.ts";
import { describeDockerError, dockerClient, inspectContainer, unreachableHost } from "./client.ts";
import { execInContainer } from "./exec.ts";
import { describeForeign, foreignContainer } from "./foreign-container.ts";
import { hostLocks, withHostLock } from "./host-lock.ts";
import { openHttp } from "./http.ts";
import { ensureImage, inspectImage } from "./image.ts";
import { endJobs, runJob } from "./job.ts";
import { pinnedReference } from "./known-digest.ts";
import { leftOversOf, removeLeftOver } from "./left-overs.ts";
import { startContainer, stopContainer, waitHealthy } from "./lifecycle.ts";
import { logLines, logReachesBack } from "./logs.ts";
import { lossesOf } from "./losses.ts";
import { observe } from "./observe.ts";
import { question } from "./question.ts";
import { neverRestart, putBack, setAside, waysBack } from "./set-aside.ts";
import { sharingNetwork } from "./shared-network.ts";
import { endTrial, makeScratch, removeTrial, runProgram, runTrial } from "./trial.ts";
import { unitOfContainer } from "./unit.ts";
import { dockerWords } from "./words.ts";
import { refuseOtherWriters } from "./writers.ts";

/** The containers of a Docker host. */
export class DockerPlatform implements Platform {
  readonly #host: DockerHost;
  #client: Docker | undefined;

  constructor(host: DockerHost) {
    this.#host = host;
  }

  /** Made when it is first needed: to load it takes as long as a tenth of a preview. */
  get #docker(): Docker {
    this.#client ??= dockerClient(this.#host.host, this.#host);
    return this.#client;
  }

  observe(wanted: readonly WantedLook[], stack: string): Promise<Map<string, Observed>> {
    return observe(this.#host, wanted, stack);
  }

  get address(): string {
    return this.#host.host;
  }

  get answer(): number {
    return this.#host.answer ?? defaultAnswer;
  }

  async commandOf(name: string): Promise<readonly string[] | undefined> {
    const { host } = this.#host;
    try {
      const { status, body } = await question(host, this.#host, `/containers/${name}/json`);
      if (status !== 200) return undefined;
      return (JSON.parse(body) as Docker.ContainerInspectInfo).Config.Cmd ?? [];
    } catch (error) {
      throw unreachableHost(host, error);
    }
  }

  async architecture(): Promise<string> {
    const { Os, Arch } = await this.#docker.version();
    return `${Os}/${Arch}`;
  }

  async engine(): Promise<{ version: string; api: string }> {
    const { Version: version, ApiVersion: api } = await this.#docker.version();
    return { version, api };
  }

  async clock(): Promise<Date> {
    const { SystemTime } = (await this.#docker.info()) as { SystemTime: string };
    return new Date(SystemTime);
  }

  async marked(stack: string): Promise<Marked[]> {
    const filters = { label: [`clawforce.stack=${stack}`] };
    const found = await this.#docker.listContainers({ all: true, filters });
    return found
      .map(({ Names, Id: id, Image: image, State: state, Status: status }) => ({
        ...{ name: Names[0]?.slice(1) ?? id, id, image, state, status },
      }))
      .toSorted((a, b) => a.name.localeCompare(b.name));
  }

  async unit(name: string): Promise<Unit | undefined> {
    const found = await inspectContainer(this.#docker, name);
    if (found === undefined) return undefined;
    const image = await pinnedReference(this.#docker, found.Config.Image, found.Image);
    return { ...unitOfContainer(found), image };
  }

  sharingNetwork(name: string): Promise<string[]> {
    return sharingNetwork(this.#docker, name);
  }

  exec(name: string, argv: string[], options: ExecOptions): Promise<JobResult> {
    return execInContainer(this.#docker, name, argv, options);
  }

  openHttp({ unit, image, workload, url }: HttpOrigin): Promise<HttpClient> {
    return openHttp(this.#docker, { image, label: workload, networkMode: `container:${unit}`, url });
  }

  logs(name: string, options: { since: Date; deadline: number }): AsyncIterable<LogLine> {
    return logLines(this.#docker, name, options);
  }

  logReachesBack(name: string, time: Date, deadline: number): Promise<boolean> {
    return logReachesBack(this.#docker, name, time, deadline);
  }

  fetch(reference: string): Promise<"present" | "pulled"> {
    return ensureImage(this.#docker, reference);
  }

  async imageSize(image: string): Promise<number | undefined> {
    return (await inspectImage(this.#docker, image))?.Size;
  }

  async imageVersion(image: string): Promise<string | undefined> {
    const found = await inspectImage(this.#docker, image);
    return found?.Config?.Labels?.["org.opencontainers.image.version"];
  }

  stop(name: string, grace: number): Promise<{ seconds: number; killed: boolean }> {
    return stopContainer(this.#docker, name, grace);
  }

  start(name: string, deadline: number): Promise<void> {
    return startContainer(this.#docker, name, deadline);
  }

  waitHealthy(name: string, deadline: number): Promise<void> {
    return waitHealthy(this.#docker, name, deadline);
  }

  async remove(name: string): Promise<void> {
    await this.#docker.getContainer(name).remove({ v: true });
  }

  neverRestart(id: string): Promise<void> {
    return neverRestart(this.#docker, id);
  }

  setAside(id: string, name: string): Promise<string | undefined> {
    return setAside(this.#docker, id, name);
  }

  putBack(displaced: Displaced): Promise<void> {
    return putBack(this.#docker, displaced);
  }

  waysBack(displaced: Displaced, names: AsideNames): string[] {
    return waysBack(displaced, names);
  }

  lossesOf(name: string, wanted: WantedUnit): Promise<Loss[]> {
    return lossesOf(this.#docker, name, wanted);
  }

  async strangerAt({
    stack,
    name,
    unit,
  }: Parameters<Platform["strangerAt"]>[0]): Promise<string | undefined> {
    const found = await inspectContainer(this.#docker, unit);
    const foreign =
      found === undefined
        ? undefined
        : foreignContainer(
            { stack, name },
            {
              labels: found.Config.Labels,
              image: found.Config.Image,
              state: found.State.Status,
              mounts: found.Mounts,
            },
          );
    return foreign === undefined ? undefined : describeForeign({ stack, name: unit }, foreign);
  }

  refuseOtherWriters(workload: Parameters<Platform["refuseOtherWriters"]>[0]): Promise<void> {
    return refuseOtherWriters(this.#docker, workload);
  }

  async openSeries(series: JobSeries): Promise<OpenSeries> {
    return oneByOne({ job: (job) => this.job(job) }, series);
  }

  job(job: Job): Promise<JobResult> {
    return runJob(this.#docker, job);
  }

  lock<T>(request: LockRequest, work: () => Promise<T>): Promise<T> {
    return withHostLock(this.#docker, request, work);
  }

  locks(): Promise<LockHolder[]> {
    return hostLocks(this.#docker);
  }

  endJobs(workload: string): Promise<string[]> {
    return endJobs(this.#docker, workload);
  }

  leftOvers(workloads: readonly string[]): Promise<LeftOver[]> {
    return leftOversOf(this.#docker, workloads);
  }

  removeLeftOver(leftOver: LeftOver): Promise<void> {
    return removeLeftOver(this.#docker, leftOver);
  }

  makeScratch(name: string, workload: string, like: StatePlaces): Promise<StatePlaces> {
    return makeScratch(this.#docker, { name, workload, like });
  }

  async trial(trial: Trial): Promise<undefined> {
    await runTrial(this.#docker, trial);
  }

  endTrial(name: string, grace: number): Promise<{ seconds: number; killed: boolean }> {
    return endTrial(this.#docker, name, grace);
  }

  removeTrial(name: string): Promise<void> {
    return removeTrial(this.#docker, name);
  }

  runProgram(program: ProgramRun): Promise<ProgramResult> {
    return runProgram(this.#docker, program);
  }

  reach(deployer: NodeJS.ProcessEnv): Record<string, string> {
    const { host } = this.#host;
    const certificates = certificateFolder(host, this.#host, deployer);
    return {
      DOCKER_HOST: host,
      ...(certificates !== undefined && { DOCKER_CERT_PATH: certificates, DOCKER_TLS_VERIFY: "1" }),
    };
  }

  explain(error: unknown): unknown {
    return unreachableHost(this.#host.host, error);
  }

  describe(error: unknown): string {
    return describeDockerError(error);
  }

  get words(): PlatformWords {
    return dockerWords(this.#host.host);
  }
}
