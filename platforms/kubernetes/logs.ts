import { text } from "node:stream/consumers";
import { StringDecoder } from "node:string_decoder";
import { TooLate } from "../failure.ts";
import type { LogLine } from "../platform.ts";
import type { Cluster, Query } from "./cluster.ts";
import type { Pod } from "./objects.ts";
import { isNotFound, Refusal } from "./refusal.ts";

/** A longer line (characters) is cut: nobody looks for anything there. */
const longestLine = 100_000;

/**
 * What the container of a pod has printed since a time, line by line: that of its last start, and of the start before where
 * it was restarted. Kubernetes keeps no more, and tells both of its streams as one.
 */
export async function* logLines(
  cluster: Cluster,
  pod: Pod,
  { since, deadline }: { since?: Date; deadline: number },
): AsyncGenerator<LogLine> {
  const signal = AbortSignal.timeout(Math.ceil(deadline * 1000));
  const [container] = pod.spec.containers;
  try {
    for (const previous of startsBefore(pod) ? [true, false] : [false]) {
      const query = {
        ...{ container: container?.name, timestamps: true, previous: previous || undefined },
        // The API counts in whole seconds.
        sinceTime: since && new Date(Math.floor(since.getTime() / 1000) * 1000).toISOString(),
      };
      const stream = await opened(cluster, pod.metadata.name, query, signal);
      if (stream === undefined) continue;
      try {
        for await (const line of linesOf(stream)) {
          if (since === undefined || line.time >= since) yield line;
        }
      } finally {
        stream.destroy();
      }
    }
  } catch (error) {
    throw signal.aborted
      ? new TooLate(`the log of ${pod.metadata.name} could not be read within ${deadline} s`)
      : error;
  }
}

/** While it waits for its next start, its log is that of the start before already. */
export function startsBefore({ spec, status }: Pod): boolean {
  const name = spec.containers[0]?.name;
  const own = status?.containerStatuses?.find((each) => each.name === name);
  return (own?.restartCount ?? 0) > 0 && own?.state?.waiting === undefined;
}

/** Undefined: there is none, as of a container that has not begun, or of a start that is no longer kept. */
async function opened(cluster: Cluster, pod: string, query: Query, signal: AbortSignal) {
  try {
    return await cluster.stream({ path: cluster.in("v1", "pods", pod, "log"), query, signal });
  } catch (error) {
    const isMissing = error instanceof Refusal && error.code === 400;
    if (isMissing || isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * Whether a pod's log still has what was printed at a time: one that was rotated, or of a new pod, begins later. So does one
 * that was restarted more than once.
 */
export async function logReachesBack(
  cluster: Cluster,
  pod: Pod,
  time: Date,
  deadline: number,
): Promise<boolean> {
  for await (const line of logLines(cluster, pod, { deadline })) return line.time <= time;
  return false;
}

/** The last lines that a pod has printed, for messages; none where they can't be read. */
export async function lastLines(
  cluster: Cluster,
  pod: string,
  container: string,
  count: number,
): Promise<string[]> {
  for (const previous of [undefined, true]) {
    try {
      const path = cluster.in("v1", "pods", pod, "log");
      const stream = await cluster.stream({
        path,
        query: { container, tailLines: count, previous },
        signal: AbortSignal.timeout(30_000),
        patience: 5,
      });
      const lines = (await text(stream)).split("\n").filter((line) => line.trim() !== "");
      if (lines.length > 0) return lines;
    } catch {
      // There is none.
    }
  }
  return [];
}

/** Lines with their timestamps. */
export async function* linesOf(stream: AsyncIterable<unknown>): AsyncGenerator<LogLine> {
  const decoder = new StringDecoder("utf8");
  let begun = "";
  for await (const chunk of stream) {
    const pieces = (begun + decoder.write(chunk as Buffer)).split("\n");
    begun = (pieces.pop() ?? "").slice(0, longestLine);
    for (const piece of pieces) yield lineOf(piece);
  }
  if (begun !== "") yield lineOf(begun);
}

/** `2026-11-29T10:00:00.123456789Z text` */
function lineOf(piece: string): LogLine {
  const cut = piece.indexOf(" ");
  const time = new Date(cut < 0 ? piece : piece.slice(0, cut));
  return { time, text: cut < 0 ? "" : piece.slice(cut + 1).replace(/\r$/, "") };
}
