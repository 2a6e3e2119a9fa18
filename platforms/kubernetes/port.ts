import { Duplex } from "node:stream";
import type WebSocket from "ws";
import type { Cluster } from "./cluster.ts";
import { framed, frameOf, openSocket } from "./socket.ts";

const [dataChannel, errorChannel] = [0, 1];
/** Bytes of a frame. */
const frameSize = 32 * 1024;

/** Nothing takes connections at the port. */
export class PortClosed extends Error {}

/**
 * A connection to a port of a pod as the pod itself would make it: to its own 127.0.0.1, past every service and policy. What
 * goes through it is not looked at.
 */
export async function connectToPort(cluster: Cluster, pod: string, port: number): Promise<Duplex> {
  const socket = await openSocket(cluster, {
    path: cluster.in("v1", "pods", pod, "portforward"),
    query: { ports: port },
    protocols: ["v4.channel.k8s.io"],
  });
  return new PortStream(socket, `port ${port} of the pod ${pod}`);
}

class PortStream extends Duplex {
  readonly #socket: WebSocket;
  /** Both channels begin with the number of the port. */
  readonly #greeted = new Set<number>();

  constructor(socket: WebSocket, what: string) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    socket.on("message", (message) => {
      const { channel, data } = frameOf(message);
      if (!this.#greeted.has(channel)) {
        this.#greeted.add(channel);
        if (data.length === 2) return;
      }
      if (channel === dataChannel && !this.push(data)) socket.pause();
      if (channel === errorChannel && data.length > 0) {
        this.destroy(new PortClosed(`${what} does not answer: ${data.toString("utf8").trim()}`));
      }
    });
    socket.once("close", () => {
      this.push(null);
      this.end();
    });
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const pieces = Array.from({ length: Math.ceil(chunk.length / frameSize) }, (_, index) =>
      chunk.subarray(index * frameSize, (index + 1) * frameSize),
    );
    for (const piece of pieces.slice(0, -1)) this.#socket.send(framed(dataChannel, piece));
    this.#socket.send(framed(dataChannel, pieces.at(-1) ?? chunk), (error) => done(error ?? null));
  }

  override _final(done: () => void): void {
    // A half of it can't be closed.
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.terminate();
    done(error);
  }
}
