import type Docker from "dockerode";
import { OperationFailure } from "../failure.ts";
import { collectOutput } from "./output.ts";

/** Marks every short-lived container of ours with the workload it works for, so that a later run can tell it from a workload. */
export const oneShotLabel = "clawforce.one-shot";

export interface OneShot {
  workload: string;
  /** What it does, for messages: "hot snapshot". */
  purpose: string;
  image: string;
  argv: string[];
  binds?: string[];
  /** Written to the program's standard input: the way for secrets, which neither argv nor environment may carry. */
  stdin?: string;
  environment?: Record<string, string>;
  networkMode?: string;
  /** Seconds until the container is removed and the call fails. */
  deadline: number;
}

export interface OneShotResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs a container to its end and removes it, whatever happens to it. */
export async function runOneShot(docker: Docker, job: OneShot): Promise<OneShotResult> {
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
      NetworkMode: job.networkMode ?? "none",
      Tmpfs: { "/run": "rw,noexec,nosuid,mode=0700,size=1m" },
    },
  });
  try {
    const stream = await container.attach({
      stream: true,
      hijack: true,
      stdin: true,
      stdout: true,
      stderr: true,
    });
    const output = collectOutput(docker, stream);
    await container.start();
    stream.end(job.stdin ?? "");
    // Asked for once it was started, so "not running" means that it has ended, even before the question came in. A wait
    // for the next exit that comes in late (a busy host, a short script) would never end.
    const ended = container.wait({ condition: "not-running" }) as Promise<{ StatusCode: number }>;
    const { StatusCode } = await withDeadline(ended, job);
    return { exitCode: StatusCode, ...(await output) };
  } finally {
    await container.remove({ force: true, v: true });
  }
}

async function withDeadline<T>(ended: Promise<T>, job: OneShot): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new OperationFailure(`${job.workload}: the ${job.purpose} did not end within ${job.deadline} s.`),
        ),
      job.deadline * 1000,
    );
  });
  try {
    return await Promise.race([ended, expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** Containers of ours that still work for this workload: left over by a deployer that died, or in use by another one. */
export function listOneShots(docker: Docker, workload: string): Promise<Docker.ContainerInfo[]> {
  return docker.listContainers({ all: true, filters: { label: [`${oneShotLabel}=${workload}`] } });
}
