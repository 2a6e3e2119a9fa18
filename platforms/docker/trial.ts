import { posix } from "node:path";
import type Docker from "dockerode";
import { sourceOf } from "../../config/rollout.ts";
import type { StatePlace, StatePlaces } from "../../config/state-places.ts";
import { type ProgramResult, type ProgramRun, type Trial, TrialFailed } from "../platform.ts";
import { describeDockerError, inspectContainer, unlessGone } from "./client.ts";
import { stopContainer, waitHealthy } from "./lifecycle.ts";
import { collectLogs } from "./logs.ts";
import { exitCodeOf, oneShotLabel } from "./one-shot.ts";
import { limitsOf, type Start, startBy, startOf, withOverrides } from "./start-like.ts";
import { mountOf } from "./state-mount.ts";

/** Lines of what it said that tell why it has ended; few of them are worth showing. */
const lastLines = 40;

/** Tells the further volumes of a trial. */
const trialLabel = "clawforce.trial";

interface Scratch {
  name: string;
  workload: string;
  like: StatePlaces;
}

/** A volume of its own name, and one more for each further place. */
export async function makeScratch(
  docker: Docker,
  { name, workload, like: [main, ...further] }: Scratch,
): Promise<StatePlaces> {
  const labels = labelsOf(workload, "drill");
  await docker.createVolume({ Name: name, Labels: labels });
  const copies: StatePlace[] = [];
  for (const { at } of further) {
    // No name of a workload has a dot: none of these is the volume of another one's trial.
    const volume = `${name}.${copies.length + 1}`;
    await docker.createVolume({ Name: volume, Labels: { ...labels, [trialLabel]: name } });
    copies.push({ from: { volume }, at });
  }
  return [{ from: { volume: name }, at: main.at }, ...copies];
}

/** Returns once it is healthy. */
export async function runTrial(docker: Docker, trial: Trial): Promise<void> {
  const { name, workload, image, like, environment, places, deadline } = trial;
  const served = like.unit === undefined ? undefined : await inspectContainer(docker, like.unit);
  const start = served === undefined ? startBy(like.otherwise) : startOf(served);
  const limits = limitsOf(trial.limits, start.memory);
  const container = await docker.createContainer({
    name,
    Image: image,
    ...start.options,
    ...(start.options.Healthcheck && { Healthcheck: askedOften(start.options.Healthcheck) }),
    Env: withOverrides(start.environment, environment),
    Labels: labelsOf(workload, "drill"),
    HostConfig: {
      Binds: places.map(({ from, at }) => `${sourceOf(from)}:${at}`),
      ...apart(start, places),
      ...limits,
    },
  });
  await container.start();
  try {
    await waitHealthy(docker, name, deadline);
  } catch (error) {
    const said = (await collectLogs(docker, name)).trim().split("\n").slice(-lastLines);
    const exhausted = (await inspectContainer(docker, name))?.State.OOMKilled === true;
    throw new TrialFailed(describeDockerError(error), {
      said,
      outOfMemory: exhausted ? limits.Memory : undefined,
    });
  }
}

/** Nanoseconds. */
const second = 1e9;
/** Docker's own where a health check says nothing. */
const [usualInterval, usualRetries] = [30 * second, 3];

/** More often than what serves: its first answer is waited for. It may fail for as long as by its own times. */
export function askedOften({ Interval, Retries, ...check }: Docker.HealthConfig): Docker.HealthConfig {
  const own = Interval || usualInterval;
  const often = Math.min(own, 3 * second);
  return { ...check, Interval: often, Retries: Math.ceil(((Retries || usualRetries) * own) / often) };
}

/** Apart from the network, and from all that it shares with the workload that serves. */
function apart(start: Start, places: StatePlaces) {
  // What belongs to its state has a copy here; everything else of the host can be read and not written.
  const Mounts = start.mounts.filter(
    ({ Target }) => !places.some(({ at }) => posix.resolve("/", at) === posix.resolve("/", Target)),
  );
  return { Mounts, NetworkMode: "none", Init: true };
}

export async function endTrial(
  docker: Docker,
  name: string,
  grace: number,
): ReturnType<typeof stopContainer> {
  const stopped = await stopContainer(docker, name, grace);
  await docker.getContainer(name).remove({ v: true });
  return stopped;
}

export async function removeTrial(docker: Docker, name: string): Promise<void> {
  await unlessGone(docker.getContainer(name).remove({ force: true, v: true }));
  await unlessGone(docker.getVolume(name).remove({ force: true }));
  const { Volumes } = await docker.listVolumes({ filters: { label: [`${trialLabel}=${name}`] } });
  for (const { Name } of Volumes ?? []) {
    await unlessGone(docker.getVolume(Name).remove({ force: true }));
  }
}

/** Characters of what a program prints that are kept, from its end. */
const longestOutput = 64 * 1024;

/** Runs a program to its end, or to its deadline: then it is killed with all that it has started. */
export async function runProgram(docker: Docker, program: ProgramRun): Promise<ProgramResult> {
  const { name, workload, purpose, image, environment, places, argv, deadline } = program;
  const start = startBy(program.start);
  const own = apart(start, places);
  // The image's own start and health check are of the gateway, which this is not.
  const { User, WorkingDir } = start.options;
  await unlessGone(docker.getContainer(name).remove({ force: true, v: true }));
  const container = await docker.createContainer({
    name,
    Image: image,
    ...(User && { User }),
    ...(WorkingDir && { WorkingDir }),
    Entrypoint: [],
    Cmd: argv,
    Healthcheck: { Test: ["NONE"] },
    Env: withOverrides(start.environment, environment),
    Labels: labelsOf(workload, purpose),
    HostConfig: {
      ...own,
      Mounts: [...own.Mounts, ...places.map(({ from, at }) => mountOf(from, at, false))],
      ...limitsOf(program.limits, start.memory),
    },
  });
  try {
    await container.start();
    const exitCode = await endOf(container, deadline);
    if (exitCode === undefined) await container.kill();
    const output = (await collectLogs(docker, name)).trim().slice(-longestOutput);
    return { exitCode, output };
  } finally {
    await unlessGone(container.remove({ force: true, v: true }));
  }
}

/** Its exit code; undefined when it goes on after so many seconds. */
async function endOf(container: Docker.Container, deadline: number): Promise<number | undefined> {
  const signal = AbortSignal.timeout(Math.ceil(deadline * 1000));
  try {
    return await exitCodeOf(container, signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

function labelsOf(workload: string, purpose: string): Record<string, string> {
  return { [oneShotLabel]: workload, "clawforce.purpose": purpose };
}
