import { createWriteStream } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { OperationFailure } from "../failure.ts";
import { type HttpAnswer, type HttpClient, type HttpRequest, NoAnswer } from "../http.ts";
import { refuseUnfitHeader } from "../request-header.ts";
import type { Cluster } from "./cluster.ts";
import { connectToPort, PortClosed } from "./port.ts";
import { isForbidden, Refusal } from "./refusal.ts";

/** Seconds that the API server may take to lead to the pod, on top of the request's own deadline. */
const startUp = 15;

export interface HttpWay {
  /** The pod that it leads to, which must not change. */
  pod: string;
  /** As seen from inside of it: `http://127.0.0.1:8000`. */
  url: string;
}

/**
 * Requests to a pod as it would send them to itself. They go through the API server as mere bytes: unlike its proxy, it eats
 * no header. Each has a connection of its own. It goes with its pod: after a cut-over, open another one.
 */
export function openHttp(cluster: Cluster, { pod, url }: HttpWay): HttpClient {
  const way = { cluster, pod, url };
  return {
    target: `${url} (in the pod ${pod})`,
    send: (asked) =>
      answered(way, asked, async (response): Promise<HttpAnswer> => {
        const body = await text(response);
        return { status: statusOf(response), cookies: response.headers["set-cookie"] ?? [], body };
      }),
    download: (asked, file) =>
      answered(way, asked, async (response) => {
        await pipeline(response, createWriteStream(file, { mode: 0o600, flags: "w" }));
        return statusOf(response);
      }),
    close: async () => {},
  };
}

function statusOf({ statusCode = 0 }: IncomingMessage): number {
  return statusCode;
}

async function answered<T>(
  { cluster, pod, url }: HttpWay & { cluster: Cluster },
  { method, path, port, headers, body, deadline }: HttpRequest,
  read: (response: IncomingMessage) => Promise<T>,
): Promise<T> {
  const address = new URL(path, url);
  if (port !== undefined) address.port = String(port);
  for (const [key, value] of Object.entries(headers)) refuseUnfitHeader(key, value);
  let sent = false;
  const signal = AbortSignal.timeout(Math.ceil((deadline + startUp) * 1000));
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  try {
    const stream = await within(connectToPort(cluster, pod, Number(address.port || 80)), signal);
    // From here on its own time counts.
    timer = setTimeout(() => late.abort(), deadline * 1000);
    late.signal.addEventListener("abort", () => stream.destroy());
    try {
      sent = true;
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        // Why the way was closed comes with the stream, that it was closed with the request.
        stream.once("error", reject);
        request(
          {
            ...{ method, path: `${address.pathname}${address.search}`, createConnection: () => stream },
            headers: {
              ...{ host: address.host, "user-agent": "clawforce-fleet", accept: "*/*", connection: "close" },
              ...lowerCased(headers),
              ...(body !== undefined && { "content-length": String(Buffer.byteLength(body)) }),
            },
          },
          resolve,
        )
          .once("error", reject)
          .end(body);
      });
      return await read(response);
    } finally {
      stream.destroy();
    }
  } catch (error) {
    throw noAnswer(error, { sent, late: late.signal.aborted || signal.aborted, deadline });
  } finally {
    clearTimeout(timer);
  }
}

/** Node would send one that is written twice in two cases twice. */
function lowerCased(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value]));
}

function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}

function noAnswer(
  error: unknown,
  { sent, late, deadline }: { sent: boolean; late: boolean; deadline: number },
): unknown {
  if (late) return new NoAnswer(`nothing came within ${deadline} s`, { unknown: sent, late: true });
  if (error instanceof PortClosed) return new NoAnswer(error.message, { unknown: false });
  // The pod is gone, or has not begun.
  if (error instanceof Refusal && !isForbidden(error)) return new NoAnswer(error.message, { unknown: false });
  if (error instanceof OperationFailure) return error;
  const { code = "", message } = error as NodeJS.ErrnoException;
  return new NoAnswer(message || code, { unknown: sent });
}
