import type { Duplex } from "node:stream";
import type Docker from "dockerode";
import { EngineFailure, OperationFailure } from "../failure.ts";
import type { JobResult } from "../platform.ts";
import { collectOutput } from "./output.ts";
import { whileAnswering } from "./watch.ts";

/** Marks every short-lived container of ours with the workload it works for, so that a later run can tell it from a workload. */
export const oneShotLabel = "clawforce.one-shot";

/**
 * The workload that a label of ours names. What stands after the slash tells short-lived containers apart that no lock
 * guards (`W/probe`, `W/look`, `W/api`, `W/database`): whoever gets the lock of W must not end them.
 */
export function workloadOfOneShot(labels: Readonly<Record<string, string>> | null): string | undefined {
  return labels?.[oneShotLabel]?.split("/")[0];
}

/** A container that does one thing and goes. */
export interface OneShotContainer {
  workload: string;
  /** What it does, for messages: "hot snapshot". */
  purpose: string;
  image: string;
  argv: string[];
  binds?: string[];
  /** In place of binds where a folder or volume that is missing must not be made. */
  mounts?: Docker.MountSettings[];
  /** Containers whose volumes it has at the same places, as Docker writes them: `bot-a:ro`. */
  volumesFrom?: string[];
  environment?: Record<string, string>;
  networkMode?: string;
  /** What it prints holds secrets: the Docker host keeps no log of it. */
  unlogged?: true;
  /** Seconds until the container is removed and the call fails. */
  deadline: number;
}

export interface OneShot extends OneShotContainer {
  /** Written to the program's standard input: the way for secrets, which neither argv nor environment may carry. */
  stdin?: string;
}

/** Runs a container to its end and removes it, whatever happens to it. */
export function runOneShot(docker: Docker, job: OneShot): Promise<JobResult> {
  return withOneShot(docker, job, async (container, stream, failed) => {
    const output = collectOutput(stream);
    await container.start();
    stream.end(job.stdin ?? "");
    const exitCode = await exitCodeOf(container, failed);
    return { exitCode, ...(await output) };
  });
}

/**
 * Makes a container, attached and not yet started, for `work` to start and talk to. It is removed whatever happens, but
 * for an engine that does not answer: the next run finds it by its label. `failed` ends what `work` still waits for.
 */
export async function withOneShot<Result>(
  docker: Docker,
  job: OneShotContainer,
  work: (container: Docker.Container, stream: NodeJS.ReadWriteStream, failed: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const container = await docker.createContainer({
    Image: job.image,
    Cmd: job.argv,
    Entrypoint: [],
    User: "0:0",
    Hostname: "clawforce",
    Labels: { [oneShotLabel]: job.workload, "clawforce.purpose": job.purpose },
    Env: Object.entries(job.environment ?? {}).map(([key, value]) => `${key}=${value}`),
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: true,
    StdinOnce: true,
    Volumes: { "/stage": {} },
    HostConfig: {
      Binds: job.binds ?? [],
      Mounts: job.mounts ?? [],
      VolumesFrom: job.volumesFrom ?? [],
      NetworkMode: job.networkMode ?? "none",
      ...(job.unlogged && { LogConfig: { Type: "none", Config: {} } }),
      Tmpfs: { "/run": "rw,noexec,nosuid,mode=0700,size=1m" },
    },
  });
  const failed = new AbortController();
  let engine: unknown;
  try {
    const stream = await container.attach({
      stream: true,
      hijack: true,
      stdin: true,
      stdout: true,
      stderr: true,
    });
    failed.signal.addEventListener("abort", () => (stream as Duplex).destroy());
    return await withDeadline(whileAnswering(docker, work(container, stream, failed.signal)), job);
  } catch (error) {
    engine = error instanceof EngineFailure ? error : undefined;
    throw error;
  } finally {
    failed.abort();
    if (engine === undefined) await container.remove({ force: true, v: true });
  }
}

/**
 * How a started container ended. Asked for once it was started, so "not running" means that it has ended, even before
 * the question came in: a wait for the next exit that comes in late (a busy host, a short script) would never end.
 */
export async function exitCodeOf(container: Docker.Container, failed: AbortSignal): Promise<number> {
  const wait = { condition: "not-running", abortSignal: failed } as const;
  const { StatusCode } = (await container.wait(wait)) as { StatusCode: number };
  return StatusCode;
}

async function withDeadline<Result>(
  work: Promise<Result>,
  { workload, purpose, deadline }: OneShotContainer,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new OperationFailure(`the ${purpose} of ${workload} did not end within ${deadline} s.`)),
      deadline * 1000,
    );
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** Containers of ours that still work for this workload: left over by a deployer that died, or in use by another one. */
export function listOneShots(docker: Docker, workload: string): Promise<Docker.ContainerInfo[]> {
  return docker.listContainers({ all: true, filters: { label: [`${oneShotLabel}=${workload}`] } });
}
