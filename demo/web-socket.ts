import type { Socket } from "node:net";
import { WebSocket } from "ws";

/** How a WebSocket ended, as its client sees it. */
export interface WebSocketEnd {
  /** Of the close frame; 1006 when there was none. */
  code: number;
  /** How the connection itself ended: by the other side's FIN, by its reset, or by us. */
  by: "end" | "reset" | "us";
}

export interface WebSocketClient {
  send(text: string): void;
  /** Closes it from our side. */
  close(): void;
  ended: Promise<WebSocketEnd>;
}

export interface WebSocketOptions {
  address: string;
  port: number;
  /** The Host header: where the connection goes and what it asks for are two things here. */
  host: string;
  path: string;
  /** Seconds to wait for the answer to the upgrade. */
  timeout: number;
}

/** A WebSocket by `ws`, because the one of Node hides how a connection ended and why none was made. */
export function openWebSocket(options: WebSocketOptions): Promise<WebSocketClient> {
  const { address, port, host, path, timeout } = options;
  const webSocket = new WebSocket(`ws://${address}:${port}${path}`, {
    headers: { host },
    handshakeTimeout: timeout * 1000,
    perMessageDeflate: false,
  });
  return new Promise((resolve, reject) => {
    webSocket.on("error", reject);
    webSocket.once("unexpected-response", (_, response) => {
      reject(new Error(`HTTP ${response.statusCode}`));
      webSocket.terminate();
    });
    webSocket.once("upgrade", ({ socket }) => {
      webSocket.once("open", () => resolve(clientOf(webSocket, socket)));
    });
  });
}

function clientOf(webSocket: WebSocket, socket: Socket): WebSocketClient {
  let by: WebSocketEnd["by"] = "end";
  socket.once("error", () => {
    by = by === "us" ? "us" : "reset";
  });
  const { promise, resolve } = Promise.withResolvers<WebSocketEnd>();
  webSocket.once("close", (code) => resolve({ code, by }));
  return {
    // One that is closing takes no more.
    send: (text) => webSocket.send(text, () => {}),
    close() {
      by = "us";
      webSocket.close(1000);
      socket.destroySoon();
    },
    ended: promise,
  };
}
