import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type Docker from "dockerode";
import { TooLate } from "../failure.ts";
import { framesOf } from "./frames.ts";
import { whileAnswering } from "./watch.ts";

/**
 * Writes what a program in a container prints to a file (0600); returns its exit code and standard error. At the deadline
 * (seconds) the call fails; the program itself may go on, because Docker cannot end an exec.
 */
export async function execToFile(
  docker: Docker,
  container: string,
  argv: string[],
  options: { file: string; stdin: string; deadline: number },
): Promise<{ exitCode: number; stderr: string }> {
  const exec = await docker.getContainer(container).exec({
    Cmd: argv,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({ hijack: true, stdin: true });
  stream.end(options.stdin);
  const stderr: Buffer[] = [];
  const expired = new TooLate(`\`${argv.join(" ")}\` did not end within ${options.deadline} s.`);
  const timer = setTimeout(() => stream.destroy(expired), options.deadline * 1000);
  try {
    const written = pipeline(
      () => standardOutput(stream, stderr),
      createWriteStream(options.file, { mode: 0o600, flags: "w" }),
    );
    await whileAnswering(docker, written);
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  const { ExitCode } = await exec.inspect();
  return { exitCode: ExitCode ?? -1, stderr: Buffer.concat(stderr).toString("utf8") };
}

/** Standard output, with standard error put aside. */
export async function* standardOutput(
  stream: AsyncIterable<unknown>,
  stderr: Buffer[],
): AsyncGenerator<Buffer> {
  for await (const { channel, data } of framesOf(stream)) {
    if (channel === 1) {
      yield data;
    } else {
      stderr.push(data);
    }
  }
}
