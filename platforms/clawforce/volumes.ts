import { createWriteStream } from "node:fs";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type Docker from "dockerode";
import { standardOutput } from "../docker/exec-to-file.ts";
import { exitCodeOf, withOneShot } from "../docker/one-shot.ts";
import { OperationFailure } from "../failure.ts";

interface VolumesJob {
  /** What it does, for messages. */
  purpose: string;
  image: string;
  argv: string[];
  /** Whether the instance's volumes are mounted read-only. */
  readOnly: boolean;
  input?: Readable;
  /** File (0600) for its standard output. */
  output?: string;
  /** Seconds until it is stopped and the call fails. */
  deadline: number;
}

/** Runs a container to its end with the volumes of a stopped instance at their places. */
export async function runBesideInstance(docker: Docker, instance: string, job: VolumesJob): Promise<void> {
  const { purpose, image, argv, deadline } = job;
  const volumesFrom = [`${instance}:${job.readOnly ? "ro" : "rw"}`];
  const container = { workload: instance, purpose, image, argv, volumesFrom, deadline };
  await withOneShot(docker, container, async (started, stream, failed) => {
    await started.start();
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
      await pipeline(job.input, stream).catch(() => {});
    }
    const failure = await broken;
    const exitCode = await exitCodeOf(started, failed);
    if (exitCode !== 0) {
      const said = Buffer.concat(stderr).toString("utf8").trim().split("\n").slice(-4).join("; ");
      throw new OperationFailure(`the ${purpose} failed (exit code ${exitCode}): ${said}.`);
    }
    if (failure !== undefined && job.output !== undefined) {
      throw failure;
    }
  });
}

async function drained(stream: AsyncIterable<unknown>, stderr: Buffer[]): Promise<void> {
  for await (const _ of standardOutput(stream, stderr));
}

function saved(stream: AsyncIterable<unknown>, stderr: Buffer[], file: string): Promise<void> {
  return pipeline(() => standardOutput(stream, stderr), createWriteStream(file, { mode: 0o600 }));
}
