import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type Docker from "dockerode";
import { framesOf } from "./frames.ts";

/** Writes what a program in a container prints to a file (0600); returns its exit code and standard error. */
export async function execToFile(
  docker: Docker,
  container: string,
  argv: string[],
  options: { file: string; stdin: string },
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
  await pipeline(
    () => standardOutput(stream, stderr),
    createWriteStream(options.file, { mode: 0o600, flags: "w" }),
  );
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
