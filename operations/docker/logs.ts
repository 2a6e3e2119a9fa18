import { PassThrough } from "node:stream";
import type Docker from "dockerode";
import { collectOutput } from "./output.ts";

/** What a container has printed since a time (ISO 8601), by default since it was last started: both streams. */
export async function collectLogs(docker: Docker, name: string, from?: string): Promise<string> {
  const container = docker.getContainer(name);
  const begin = from ?? (await container.inspect()).State.StartedAt;
  const since = Math.floor(new Date(begin).getTime() / 1000);
  const raw = await container.logs({ stdout: true, stderr: true, since, follow: false });
  const stream = new PassThrough();
  stream.end(raw);
  const { stdout, stderr } = await collectOutput(docker, stream);
  return `${stdout}\n${stderr}`;
}
