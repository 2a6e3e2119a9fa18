import { randomBytes } from "node:crypto";
import { type IncomingMessage, request } from "node:http";
import type { Socket } from "node:net";

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

const opcodes = { text: 1, close: 8 };

/** A WebSocket by Node's own means, because the built-in one hides how a connection ended and sets its own Host. */
export function openWebSocket(options: WebSocketOptions): Promise<WebSocketClient> {
  const { address, port, host, path, timeout } = options;
  return new Promise((resolve, reject) => {
    const headers = {
      host,
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-key": randomBytes(16).toString("base64"),
      "sec-websocket-version": "13",
    };
    const asked = request({ host: address, port, path, headers, agent: false });
    asked.setTimeout(timeout * 1000, () => asked.destroy(new Error(`no answer within ${timeout} s`)));
    asked.once("error", reject);
    asked.once("response", (response: IncomingMessage) => {
      response.resume();
      reject(new Error(`HTTP ${response.statusCode}`));
    });
    asked.once("upgrade", (_: IncomingMessage, socket: Socket, head: Buffer) => {
      socket.setTimeout(0);
      resolve(clientOf(socket, head));
    });
    asked.end();
  });
}

function clientOf(socket: Socket, head: Buffer): WebSocketClient {
  let code = 1006;
  let by: WebSocketEnd["by"] = "end";
  let unread = Buffer.alloc(0);
  const read = (chunk: Buffer) => {
    unread = Buffer.concat([unread, chunk]);
    for (let frame = firstFrame(unread); frame !== undefined; frame = firstFrame(unread)) {
      unread = unread.subarray(frame.length);
      if (frame.opcode === opcodes.close) {
        code = frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : 1005;
      }
    }
  };
  socket.on("data", read);
  read(head);
  socket.once("end", () => socket.end());
  socket.on("error", () => {
    by = by === "us" ? "us" : "reset";
  });
  const { promise, resolve } = Promise.withResolvers<WebSocketEnd>();
  socket.once("close", () => resolve({ code, by }));
  return {
    send: (text) => socket.write(maskedFrame(opcodes.text, Buffer.from(text))),
    close() {
      by = "us";
      socket.end(maskedFrame(opcodes.close, Buffer.from([0x03, 0xe8])));
      socket.destroySoon();
    },
    ended: promise,
  };
}

/** Undefined while it is not whole. */
function firstFrame(bytes: Buffer): { opcode: number; payload: Buffer; length: number } | undefined {
  const short = (bytes[1] ?? 0) & 127;
  const begin = short === 127 ? 10 : short === 126 ? 4 : 2;
  if (bytes.length < begin) {
    return undefined;
  }
  const size =
    short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
  const length = begin + size;
  return bytes.length < length
    ? undefined
    : { opcode: (bytes[0] ?? 0) & 15, payload: bytes.subarray(begin, length), length };
}

/** A client masks what it sends; texts here are shorter than 126 bytes. */
function maskedFrame(opcode: number, payload: Buffer): Buffer {
  const mask = randomBytes(4);
  const masked = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length]), mask, masked]);
}
