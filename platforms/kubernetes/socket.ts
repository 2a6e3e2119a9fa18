import { text } from "node:stream/consumers";
import WebSocket from "ws";
import { type Cluster, type Query, queryText } from "./cluster.ts";
import { silentServer } from "./engine-failure.ts";
import { refusalOf } from "./refusal.ts";

/** Seconds between two signs of life, and after how many without one it counts as dead. */
const [beat, silence] = [10, 30];

/** A WebSocket to a pod, through the API server, with the first of these protocols that it knows. */
export async function openSocket(
  cluster: Cluster,
  { path, query, protocols }: { path: string; query: Query; protocols: string[] },
): Promise<WebSocket> {
  return cluster.enduring(async () => {
    const { server, context } = cluster.access;
    const { headers, tls } = await cluster.connection();
    const what = `\`${path}\``;
    const address = `${server.replace(/^http/, "ws")}${path}${queryText(query)}`;
    const socket = new WebSocket(address, protocols, {
      ...{ ...tls, headers, perMessageDeflate: false },
      handshakeTimeout: cluster.answer * 1000,
    });
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", (error) =>
        reject(
          error.message === "Opening handshake has timed out"
            ? silentServer(server, context, what, cluster.answer)
            : error,
        ),
      );
      socket.once("unexpected-response", (_request, response) => {
        text(response)
          .then((body) =>
            reject(refusalOf({ status: response.statusCode ?? 0, body }, { what, where: server, context })),
          )
          .catch(reject)
          .finally(() => socket.terminate());
      });
    });
    watch(socket);
    return socket;
  });
}

/** A line that is dead says nothing: it is ended, so that nobody waits for it. */
function watch(socket: WebSocket): void {
  let heard = performance.now();
  const hear = () => {
    heard = performance.now();
  };
  socket.on("pong", hear).on("message", hear);
  const timer = setInterval(() => {
    if (performance.now() - heard > silence * 1000) socket.terminate();
    else if (socket.readyState === WebSocket.OPEN) socket.ping();
  }, beat * 1000);
  timer.unref();
  socket.once("close", () => clearInterval(timer));
  socket.on("error", () => {});
}

/** Of a frame of Kubernetes: its channel, and what it brings. */
export function frameOf(data: WebSocket.RawData): { channel: number; data: Buffer } {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
  return { channel: bytes[0] ?? -1, data: bytes.subarray(1) };
}

export function framed(channel: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.of(channel), data]);
}
