import type Docker from "dockerode";
import type { StackConfig } from "../config/schema.ts";
import { dockerClient, inspectContainer, unreachableHost } from "../platforms/docker/client.ts";
import { type IngressLook, lookAtIngress } from "../platforms/proxies/kamal/look.ts";
import { type SurveyedWorkload, survey } from "../lifecycle/update/situation.ts";
import { type Operation, operationsUnderWay } from "./operations-under-way.ts";

/** The container of a workload as Docker describes it. */
export interface RunningContainer {
  id: string;
  /** The reference that it was created with. */
  image: string;
  state: string;
  /** Of its health check; undefined when it has none. */
  health: string | undefined;
  exitCode: number;
  /** ISO 8601: since when it is in this state. */
  since: string;
  restarts: number;
}

export interface LookedAtWorkload extends SurveyedWorkload {
  container: RunningContainer | undefined;
  /** What the ingress does with its requests; undefined without one. */
  ingress: IngressLook | undefined;
  /** What works for it at this moment. */
  operations: Operation[];
}

/** A container with this stack's label that the configuration does not know. */
export interface StrayContainer {
  name: string;
  id: string;
  image: string;
  state: string;
  status: string;
}

export interface Look {
  stack: string;
  host: string;
  workloads: LookedAtWorkload[];
  strays: StrayContainer[];
}

/** Reads what the configuration wants, what is there and what is on record; changes nothing, needs no engine and no lock. */
export async function look(config: StackConfig, stack: string): Promise<Look> {
  const surveyed = await survey(config, stack);
  const { host } = config.platform;
  const docker = dockerClient(host, config.platform);
  try {
    const operations = await operationsUnderWay(
      docker,
      stack,
      surveyed.map(({ input }) => input.name),
    );
    const ingress = await lookAtIngress(
      docker,
      surveyed.map(({ input }) => input),
    );
    const workloads = await Promise.all(
      surveyed.map(async (workload) => ({
        ...workload,
        container:
          workload.observed === undefined ? undefined : await containerOf(docker, workload.input.container),
        ingress: ingress.get(workload.input.name),
        operations: operations.filter(({ workload: name }) => name === workload.input.name),
      })),
    );
    const known = [...surveyed.map(({ input }) => input.container), config.ingress?.name];
    return { stack, host, workloads, strays: await straysOf(docker, stack, known) };
  } catch (error) {
    throw unreachableHost(host, error);
  }
}

async function containerOf(docker: Docker, name: string): Promise<RunningContainer | undefined> {
  const found = await inspectContainer(docker, name);
  if (found === undefined) {
    return undefined;
  }
  const { State } = found;
  const stopped = !State.Running && !State.Restarting && State.Status !== "created";
  return {
    id: found.Id,
    image: found.Config.Image,
    state: State.Status,
    health: State.Health?.Status,
    exitCode: State.ExitCode,
    since: State.Status === "created" ? found.Created : stopped ? State.FinishedAt : State.StartedAt,
    restarts: found.RestartCount,
  };
}

async function straysOf(
  docker: Docker,
  stack: string,
  known: (string | undefined)[],
): Promise<StrayContainer[]> {
  const labelled = await docker.listContainers({
    all: true,
    filters: { label: [`clawforce.stack=${stack}`] },
  });
  return labelled
    .map(({ Names, Id, Image, State, Status }) => ({
      name: Names[0]?.slice(1) ?? Id,
      id: Id,
      image: Image,
      state: State,
      status: Status,
    }))
    .filter(({ name }) => !known.includes(name))
    .toSorted((a, b) => a.name.localeCompare(b.name));
}
