import { PassThrough } from "node:stream";
import type Docker from "dockerode";

export interface Output {
  stdout: string;
  stderr: string;
}

/** Reads Docker's multiplexed stream to its end. */
export async function collectOutput(docker: Docker, stream: NodeJS.ReadableStream): Promise<Output> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  (
    docker.modem as { demuxStream(s: NodeJS.ReadableStream, o: PassThrough, e: PassThrough): void }
  ).demuxStream(stream, stdout, stderr);
  const finish = () => {
    stdout.end();
    stderr.end();
  };
  stream.once("end", finish);
  stream.once("close", finish);
  stream.once("error", finish);
  const [out, err] = await Promise.all([textOf(stdout), textOf(stderr)]);
  return { stdout: out, stderr: err };
}

async function textOf(stream: PassThrough): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}
