import { PassThrough } from "node:stream";
import type Docker from "dockerode";
import { collectOutput } from "./output.ts";

/** What a container has printed since it was last started: both streams. */
export async function collectLogs(docker: Docker, name: string): Promise<string> {
  const container = docker.getContainer(name);
  const { State } = await container.inspect();
  const since = Math.floor(new Date(State.StartedAt).getTime() / 1000);
  const raw = await container.logs({ stdout: true, stderr: true, since, follow: false });
  const stream = new PassThrough();
  stream.end(raw);
  const { stdout, stderr } = await collectOutput(docker, stream);
  return `${stdout}\n${stderr}`;
}
