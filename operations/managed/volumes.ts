import { createWriteStream } from "node:fs";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { standardOutput } from "../docker/exec-to-file.ts";
import { oneShotLabel } from "../docker/one-shot.ts";
import { OperationFailure } from "../failure.ts";
import type { ManagedContext } from "./instance.ts";

export interface VolumesJob {
  /** What it does, for messages. */
  purpose: string;
  image: string;
  argv: string[];
  /** Whether the instance's volumes are mounted read-only. */
  readOnly: boolean;
  input?: Readable;
  /** File (0600) for its standard output. */
  output?: string;
}

/** Runs a container to its end with the volumes of a stopped instance at their places. */
export async function runBesideInstance(context: ManagedContext, job: VolumesJob): Promise<void> {
  const { docker, instance } = context;
  const container = await docker.createContainer({
    Image: job.image,
    Cmd: job.argv,
    Entrypoint: [],
    User: "0:0",
    Labels: { [oneShotLabel]: instance, "clawforce.purpose": job.purpose },
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: true,
    StdinOnce: true,
    Volumes: { "/stage": {} },
    HostConfig: { VolumesFrom: [`${instance}:${job.readOnly ? "ro" : "rw"}`], NetworkMode: "none" },
  });
  try {
    const stream = await container.attach({
      stream: true,
      hijack: true,
      stdin: true,
      stdout: true,
      stderr: true,
    });
    await container.start();
    const stderr: Buffer[] = [];
    const output = job.output === undefined ? drained(stream, stderr) : saved(stream, stderr, job.output);
    const broken = output.then(
      () => undefined,
      (error: Error) => error,
    );
    if (job.input === undefined) {
      stream.end();
    } else {
      // A program that ends early closes its side: its exit code and words tell more than the broken pipe.
      await pipeline(job.input, stream as NodeJS.WritableStream).catch(() => {});
    }
    const failure = await broken;
    const { StatusCode } = (await container.wait({ condition: "not-running" })) as { StatusCode: number };
    if (StatusCode !== 0) {
      const said = Buffer.concat(stderr).toString("utf8").trim().split("\n").slice(-4).join("; ");
      throw new OperationFailure(`the ${job.purpose} failed (exit code ${StatusCode}): ${said}.`);
    }
    if (failure !== undefined && job.output !== undefined) {
      throw failure;
    }
  } finally {
    await container.remove({ force: true, v: true });
  }
}

async function drained(stream: AsyncIterable<unknown>, stderr: Buffer[]): Promise<void> {
  for await (const _ of standardOutput(stream, stderr));
}

function saved(stream: AsyncIterable<unknown>, stderr: Buffer[], file: string): Promise<void> {
  return pipeline(() => standardOutput(stream, stderr), createWriteStream(file, { mode: 0o600 }));
}
