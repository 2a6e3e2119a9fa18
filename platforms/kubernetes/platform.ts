import type { StatePlaces } from "../../config/state-places.ts";
import type { Displaced, Loss, WantedUnit } from "../displaced.ts";
import { messageOf, OperationFailure, untouchedBy } from "../failure.ts";
import { fromHome } from "../home-path.ts";
import type { HttpClient } from "../http.ts";
import type { InPlace } from "../in-place.ts";
import type { OpenOptions } from "../kind.ts";
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
import { changesTemplate, refuseChange } from "./changes.ts";
import { Cluster } from "./cluster.ts";
import { kindOfUnit } from "./controller-kind.ts";
import { engineFailure } from "./engine-failure.ts";
import { execInPod } from "./exec.ts";
import { expanded } from "./expansion.ts";
import { findService, findUnit, ownContainer, runningPod } from "./found-unit.ts";
import { openHttp } from "./http.ts";
import { fetchImage, imageSize } from "./image.ts";
import { isThere } from "./in-place.ts";
import { runJob } from "./job.ts";
import { openSeries } from "./job-series.ts";
import { keepUnit, putUnitBack, waysBack } from "./kept-unit.ts";
import { workloadLabel } from "./labels.ts";
import { endJobs, leftOversOf, removeLeftOver } from "./left-overs.ts";
import { mustFind, removeUnit, startUnit, stopUnit, waitHealthy } from "./lifecycle.ts";
import { heldLeases, withLease } from "./lock.ts";
import { logLines, logReachesBack } from "./logs.ts";
import { lossesOf } from "./losses.ts";
import { nodes } from "./node-of.ts";
import { marked, observe } from "./observe.ts";
import { ownStateFolders } from "./own-folder.ts";
import { missingRights } from "./rights.ts";
import type { KubernetesSettings } from "./settings.ts";
import { strangerIn } from "./stranger.ts";
import { endTrial, makeScratch, removeTrial, runProgram, runTrial } from "./trial.ts";
import { unfitFor } from "./unfit.ts";
import { unitOf } from "./unit.ts";
import { variablesOf } from "./variables.ts";
import { kubernetesWords } from "./words.ts";
import { refuseOtherWriters } from "./writers.ts";

/** The StatefulSets and Deployments of a namespace. */
export class KubernetesPlatform implements Platform {
  readonly #cluster: Cluster;

  constructor(settings: KubernetesSettings, options?: OpenOptions) {
    this.#cluster = new Cluster(settings, options);
  }

  readonly inPlace: InPlace = {
    wouldMakeAnew: (name, wanted) => changesTemplate(this.#cluster, name, wanted),
    refuseChange: (name, wanted) => refuseChange(this.#cluster, name, wanted),
    unfit: async (name, wanted) => {
      const found = await findUnit(this.#cluster, name);
      return found === undefined
        ? []
        : unfitFor(this.#cluster, found, await findService(this.#cluster, name), wanted);
    },
    keep: (unit) => keepUnit(this.#cluster, unit),
    make: async (name, deadline) => {
      await ownStateFolders(this.#cluster, name, await mustFind(this.#cluster, name));
      await startUnit(this.#cluster, name, deadline);
    },
  };

  observe(wanted: readonly WantedLook[], stack: string): Promise<Map<string, Observed>> {
    return observe(this.#cluster, wanted, stack);
  }

  get address(): string {
    const { access, namespace } = this.#cluster;
    return `${access.server} (context ${access.context}, namespace ${namespace})`;
  }

  get answer(): number {
    return this.#cluster.answer;
  }

  async commandOf(name: string): Promise<readonly string[] | undefined> {
    try {
      const found = await findUnit(this.#cluster, name);
      if (found === undefined) return undefined;
      const { args, command } = ownContainer({ name, spec: found.controller.spec.template.spec });
      return (args ?? command ?? []).map(expanded);
    } catch (error) {
      throw untouchedBy(error);
    }
  }

  async architecture(): Promise<string> {
    const [node] = (await nodes(this.#cluster)) ?? [];
    const { operatingSystem, architecture } = node?.status?.nodeInfo ?? {};
    if (operatingSystem !== undefined && architecture !== undefined)
      return `${operatingSystem}/${architecture}`;
    // Nodes may be none of the deployer's business. What serves the API is mostly made like them.
    return (await this.#version()).platform;
  }

  async engine(): Promise<{ version: string; api: string }> {
    const { gitVersion, major, minor } = await this.#version();
    return { version: gitVersion.replace(/^v/, ""), api: `${major}.${minor}` };
  }

  async clock(): Promise<Date> {
    await this.#version();
    return this.#cluster.now;
  }

  marked(stack: string): Promise<Marked[]> {
    return marked(this.#cluster, stack);
  }

  async unit(name: string): Promise<Unit | undefined> {
    const found = await findUnit(this.#cluster, name);
    if (found === undefined || !isThere(found)) return undefined;
    const { env } = ownContainer({ name, spec: found.controller.spec.template.spec });
    const unit = { ...unitOf(found), environment: await variablesOf(this.#cluster, env) };
    if (found.controller.metadata.labels?.[workloadLabel] !== undefined) return unit;
    const service = await findService(this.#cluster, name);
    return { ...unit, beside: service === undefined ? [] : ["Service"] };
  }

  /** A pod has a network of its own, and shares it with nobody. */
  async sharingNetwork(): Promise<string[]> {
    return [];
  }

  async exec(name: string, argv: string[], options: ExecOptions): Promise<JobResult> {
    const pod = await runningPod(this.#cluster, name);
    const container = ownContainer({ name, spec: pod.spec }).name;
    return execInPod(this.#cluster, { pod: pod.metadata.name, container }, argv, options);
  }

  async openHttp({ unit, url }: HttpOrigin): Promise<HttpClient> {
    const pod = await runningPod(this.#cluster, unit);
    return openHttp(this.#cluster, { pod: pod.metadata.name, url });
  }

  async *logs(name: string, options: { since: Date; deadline: number }): AsyncGenerator<LogLine> {
    yield* logLines(this.#cluster, await runningPod(this.#cluster, name), options);
  }

  async logReachesBack(name: string, time: Date, deadline: number): Promise<boolean> {
    return logReachesBack(this.#cluster, await runningPod(this.#cluster, name), time, deadline);
  }

  fetch(reference: string): Promise<"present" | "pulled"> {
    return fetchImage(this.#cluster, reference);
  }

  imageSize(image: string): Promise<number | undefined> {
    return imageSize(this.#cluster, image);
  }

  /** The API does not tell the labels of an image. */
  async imageVersion(): Promise<undefined> {
    return undefined;
  }

  stop(name: string, grace: number): Promise<{ seconds: number; killed: boolean }> {
    return stopUnit(this.#cluster, name, grace);
  }

  start(name: string, deadline: number): Promise<void> {
    return startUnit(this.#cluster, name, deadline);
  }

  waitHealthy(name: string, deadline: number): Promise<void> {
    return waitHealthy(this.#cluster, name, deadline);
  }

  remove(name: string): Promise<void> {
    return removeUnit(this.#cluster, name);
  }

  /** Kubernetes starts nothing that is wanted 0 times: see `stop`. What would want it is refused as a writer. */
  async neverRestart(): Promise<void> {}

  /** Kubernetes renames nothing: see `InPlace.keep`. */
  setAside(_id: string, name: string): Promise<string | undefined> {
    return Promise.reject(
      new OperationFailure(`Kubernetes can't rename an object, so none can be kept as ${name}.`),
    );
  }

  putBack(displaced: Displaced): Promise<void> {
    return putUnitBack(this.#cluster, displaced);
  }

  waysBack({ id, name }: Displaced): string[] {
    return waysBack(this.#cluster, { kind: kindOfUnit({ there: id, track: "runtime" }), name });
  }

  lossesOf(name: string, wanted: WantedUnit): Promise<Loss[]> {
    return lossesOf(this.#cluster, name, wanted);
  }

  async strangerAt({
    stack,
    name,
    unit,
  }: Parameters<Platform["strangerAt"]>[0]): Promise<string | undefined> {
    const found = await findUnit(this.#cluster, unit);
    return found && strangerIn(this.#cluster, found, { stack, name });
  }

  refuseOtherWriters(workload: Parameters<Platform["refuseOtherWriters"]>[0]): Promise<void> {
    return refuseOtherWriters(this.#cluster, workload);
  }

  job(job: Job): Promise<JobResult> {
    return runJob(this.#cluster, job);
  }

  openSeries(series: JobSeries): Promise<OpenSeries> {
    return openSeries(this.#cluster, series);
  }

  lock<T>(request: LockRequest, work: () => Promise<T>): Promise<T> {
    return withLease(this.#cluster, request, work);
  }

  locks(): Promise<LockHolder[]> {
    return heldLeases(this.#cluster);
  }

  endJobs(workload: string): Promise<string[]> {
    return endJobs(this.#cluster, workload);
  }

  leftOvers(workloads: readonly string[]): Promise<LeftOver[]> {
    return leftOversOf(this.#cluster, workloads);
  }

  removeLeftOver(leftOver: LeftOver): Promise<void> {
    return removeLeftOver(this.#cluster, leftOver);
  }

  makeScratch(name: string, workload: string, like: StatePlaces): Promise<StatePlaces> {
    return makeScratch(this.#cluster, { name, workload, like });
  }

  trial(trial: Trial): Promise<string | undefined> {
    return runTrial(this.#cluster, trial);
  }

  endTrial(name: string, grace: number): Promise<{ seconds: number; killed: boolean }> {
    return endTrial(this.#cluster, name, grace);
  }

  removeTrial(name: string): Promise<void> {
    return removeTrial(this.#cluster, name);
  }

  runProgram(program: ProgramRun): Promise<ProgramResult> {
    return runProgram(this.#cluster, program);
  }

  /** Rights in the namespace that the deployer does not have: "patch statefulsets.apps/scale". */
  missingRights(): Promise<string[]> {
    return missingRights(this.#cluster);
  }

  reach(deployer: NodeJS.ProcessEnv): Record<string, string> {
    const { kubeconfig, context, namespace } = this.#cluster.settings;
    const file = kubeconfig ?? deployer.KUBECONFIG;
    return {
      ...(file !== undefined && { KUBECONFIG: fromHome(file) }),
      // kubectl itself takes neither from the environment: its caller writes them out.
      ...(context !== undefined && { KUBE_CONTEXT: context }),
      KUBE_NAMESPACE: namespace,
    };
  }

  explain(error: unknown): unknown {
    // What says how the cluster is reached may be what is wrong.
    if (error instanceof OperationFailure) return untouchedBy(error);
    const { server, context } = this.#cluster.access;
    return untouchedBy(engineFailure(server, context, error));
  }

  describe(error: unknown): string {
    return messageOf(error);
  }

  get words(): PlatformWords {
    return kubernetesWords(this.#cluster);
  }

  #version(): Promise<{ gitVersion: string; platform: string; major: string; minor: string }> {
    return this.#cluster.ask({ path: "/version" });
  }
}
