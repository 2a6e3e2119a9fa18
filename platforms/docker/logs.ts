import { StringDecoder } from "node:string_decoder";
import type Docker from "dockerode";
import { TooLate } from "../failure.ts";
import type { LogLine } from "../platform.ts";
import { framesOf } from "./frames.ts";
import { collectOutput } from "./output.ts";

/** What a container has printed since a time (ISO 8601), by default since it was last started: both streams, in memory. */
export async function collectLogs(docker: Docker, name: string, from?: string): Promise<string> {
  const container = docker.getContainer(name);
  const begin = from ?? (await container.inspect()).State.StartedAt;
  const since = Math.floor(new Date(begin).getTime() / 1000);
  const raw = await container.logs({ stdout: true, stderr: true, since, follow: false });
  const { stdout, stderr } = await collectOutput([raw]);
  return `${stdout}\n${stderr}`;
}

/** A longer line (characters) is cut: nobody looks for anything there. */
const longestLine = 100_000;

/**
 * What a container has printed since a time, line by line and as fast as it is taken: the log never stands in memory
 * whole. The streams' order among each other is not kept.
 *
 * @param deadline seconds for all of it
 */
export async function* logLines(
  docker: Docker,
  name: string,
  { since, deadline }: { since: Date; deadline: number },
): AsyncGenerator<LogLine> {
  const signal = AbortSignal.timeout(Math.ceil(deadline * 1000));
  const stream = await openLog(docker, name, { since: secondsOf(since), signal });
  try {
    for await (const line of linesOf(stream)) {
      if (line.time >= since) yield line;
    }
  } catch (error) {
    throw signal.aborted ? new TooLate(`the log of ${name} could not be read within ${deadline} s`) : error;
  } finally {
    stream.destroy();
  }
}

/** Whether a container's log still has what was printed at a time: a rotated one, or one of a new container, begins later. */
export async function logReachesBack(
  docker: Docker,
  name: string,
  time: Date,
  deadline: number,
): Promise<boolean> {
  const signal = AbortSignal.timeout(Math.ceil(deadline * 1000));
  const stream = await openLog(docker, name, { since: 0, signal });
  try {
    for await (const line of linesOf(stream)) {
      return line.time <= time;
    }
    return false;
  } finally {
    stream.destroy();
  }
}

interface Dial {
  dial(
    request: object,
    done: (error: unknown, stream: (AsyncIterable<unknown> & { destroy(): void }) | undefined) => void,
  ): void;
}

/** Dockerode's own `logs` reads all of it into memory unless it follows, and a log that is followed has no end. */
function openLog(
  docker: Docker,
  name: string,
  { since, signal }: { since: number; signal: AbortSignal },
): Promise<AsyncIterable<unknown> & { destroy(): void }> {
  const request = {
    path: `/containers/${encodeURIComponent(name)}/logs?`,
    method: "GET",
    isStream: true,
    abortSignal: signal,
    statusCodes: { 200: true, 404: "no such container", 500: "server error" },
    options: { stdout: true, stderr: true, timestamps: true, since },
  };
  return new Promise((resolve, reject) => {
    (docker.modem as Dial).dial(request, (error, stream) => {
      if (stream === undefined || (error !== null && error !== undefined)) reject(error);
      else resolve(stream);
    });
  });
}

function secondsOf(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}

/** Docker's frames with their timestamps, as lines. A line longer than a frame comes in pieces. */
export async function* linesOf(stream: AsyncIterable<unknown>): AsyncGenerator<LogLine> {
  const begun = new Map<number, string>();
  const decoders = new Map<number, StringDecoder>();
  for await (const { channel, data } of framesOf(stream)) {
    const decoder = decoders.get(channel) ?? new StringDecoder("utf8");
    decoders.set(channel, decoder);
    const pieces = ((begun.get(channel) ?? "") + decoder.write(data)).split("\n");
    begun.set(channel, (pieces.pop() ?? "").slice(0, longestLine));
    for (const piece of pieces) {
      yield lineOf(piece);
    }
  }
  for (const rest of begun.values()) {
    if (rest !== "") yield lineOf(rest);
  }
}

/** `2026-11-29T10:00:00.123456789Z text` */
function lineOf(piece: string): LogLine {
  const cut = piece.indexOf(" ");
  const time = new Date(cut < 0 ? piece : piece.slice(0, cut));
  return { time, text: cut < 0 ? "" : piece.slice(cut + 1).replace(/\r$/, "") };
}
