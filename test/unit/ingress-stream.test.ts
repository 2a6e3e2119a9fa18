import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { WebSocketServer } from "ws";
import { failedOf, Stream, type StreamCounts, streamLines } from "../../demo/stream.ts";

let server: Server | undefined;

afterEach(() => {
  vi.restoreAllMocks();
  server?.closeAllConnections();
  server?.close();
});

interface Streamed {
  webSocket?: string;
  /** Seconds that an answer may take. */
  timeout?: number;
  /** How many requests have to come in, and how many WebSockets, before the stream is stopped. */
  requests?: number;
  webSockets?: number;
}

/** Counts of a stream against a server that answers like this. It lasts as long as this machine takes for enough of it. */
async function streamed(answer: RequestListener, options: Streamed = {}): Promise<StreamCounts> {
  const { webSocket, timeout = 3600, requests = 3, webSockets = 0 } = options;
  const came = { requests: 0, webSockets: 0 };
  server = createServer((request, response) => {
    came.requests += 1;
    answer(request, response);
  });
  const webSocketServer = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket: Socket, head) => {
    came.webSockets += 1;
    if (webSocket === "/refused") {
      socket.end("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    webSocketServer.handleUpgrade(request, socket, head, (client) => {
      // Its first word shows that the client has it open.
      client.once("message", () => {
        if (webSocket === "/frame") client.close(1012);
        else if (webSocket === "/reset") socket.resetAndDestroy();
        else socket.end();
      });
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const target = {
    workload: "a",
    host: "a.test",
    path: "/version",
    version: "version",
    headers: () => ({ cookie: "session=1" }),
  };
  const stream = new Stream({
    address: "127.0.0.1",
    port,
    rate: 100,
    timeout,
    targets: [{ ...target, ...(webSocket !== undefined && { webSocket }) }],
  });
  stream.start();
  while (came.requests < requests || came.webSockets < webSockets) await sleep(10);
  const { a } = await stream.stop();
  return a as StreamCounts;
}

/** Goes on when a test says so. Milliseconds. */
function stoppedClock(): { now: number } {
  const clock = { now: 0 };
  vi.spyOn(performance, "now").mockImplementation(() => clock.now);
  return clock;
}

describe("a stream", () => {
  test("sends on whatever the answers take, and says how long the slowest took", async () => {
    const held: ServerResponse[] = [];
    let came = 0;
    const clock = stoppedClock();
    const counts = await streamed(
      (_, response) => {
        came += 1;
        held.push(response);
        // The next one is due.
        if (came <= 20) clock.now += 10;
        // None is answered before so many have come in: a stream that waits for its answers would hang here.
        if (came < 20) return;
        // The first one was sent at 0.
        if (came === 20) clock.now = 500;
        for (const each of held.splice(0)) each.end('{"version":"1"}');
      },
      { requests: 20 },
    );
    expect(counts.sent).toBeGreaterThanOrEqual(20);
    expect(counts).toMatchObject({ served: counts.sent, failed: 0, versions: { 1: counts.sent } });
    expect(counts.longest).toBe(0.5);
  });

  test("says how long nobody was served, however many failed or waited meanwhile", async () => {
    let came = 0;
    const clock = stoppedClock();
    const counts = await streamed(
      (_, response) => {
        came += 1;
        clock.now += 10;
        response.writeHead(came > 3 && came <= 33 ? 503 : 200).end("{}");
      },
      { requests: 40 },
    );
    expect(counts.failed).toBe(30);
    // From the answer to the third to the answer to the 34th.
    expect(counts.silence).toBeGreaterThanOrEqual(0.3);
    expect(counts.silence).toBeLessThan(0.4);
  });

  test("asks for the name of the workload, not for the address of the ingress, with its own headers", async () => {
    const seen = new Set<string>();
    await streamed(({ headers }, response) => {
      seen.add(`${headers.host} ${headers.cookie}`);
      response.end("{}");
    });
    expect([...seen]).toEqual(["a.test session=1"]);
  });

  test.each<[string, RequestListener, Record<string, unknown>]>([
    [
      "an answer of 500 and above",
      (_, response) => response.writeHead(503).end(),
      { failures: { "HTTP 503": expect.any(Number) } },
    ],
    [
      "an ingress that does not know the name",
      (_, response) => response.writeHead(404).end(),
      { failures: { "HTTP 404": expect.any(Number) } },
    ],
    [
      "a broken connection",
      ({ socket }) => socket.destroy(),
      { failures: { ECONNRESET: expect.any(Number) } },
    ],
    ["no answer in time", () => {}, { failures: { "Error: no answer within 0.4 s": expect.any(Number) } }],
  ])("counts %s as failed", async (what, answer, expected) => {
    const counts = await streamed(answer, what === "no answer in time" ? { timeout: 0.4 } : {});
    expect(counts).toMatchObject({ served: 0, failed: counts.sent, ...expected });
    expect(counts.failed).toBeGreaterThan(0);
  });

  test("counts 401 apart: neither served nor failed", async () => {
    const counts = await streamed((_, response) => response.writeHead(401).end());
    expect(counts).toMatchObject({ served: 0, failed: 0, unauthorized: counts.sent });
  });

  test.each([
    ["/frame", "1012 by end"],
    ["/silent", "1006 by end"],
    ["/reset", "1006 by reset"],
  ])("says how a WebSocket at %s was ended: %s", async (path, how) => {
    const { webSockets } = await streamed((_, response) => response.end("{}"), {
      webSocket: path,
      // Another one is opened once the one before has ended.
      webSockets: 3,
    });
    expect(webSockets.opened).toBeGreaterThan(1);
    expect(Object.keys(webSockets.ended)).toEqual([how]);
  });
});

test("says why a WebSocket could not be opened", async () => {
  const { webSockets } = await streamed((_, response) => response.end("{}"), {
    webSocket: "/refused",
    webSockets: 2,
  });
  expect(webSockets).toEqual({ opened: 0, ended: {}, refused: { "HTTP 503": expect.any(Number) } });
});

test("the counts of a stream are one line a workload", () => {
  const webSockets = { opened: 2, ended: { "1006 by end": 1 }, refused: {} };
  const counts: Record<string, StreamCounts> = {
    a: {
      sent: 100,
      served: 97,
      longest: 5.62,
      silence: 5.6,
      unauthorized: 1,
      failed: 2,
      failures: { "HTTP 503": 2 },
      versions: { 1: 40, 2: 57 },
      webSockets,
    },
    b: {
      sent: 1,
      served: 1,
      longest: 0.01,
      silence: 0.02,
      unauthorized: 0,
      failed: 0,
      failures: {},
      versions: { answered: 1 },
      webSockets: { opened: 0, ended: {}, refused: {} },
    },
  };
  expect(streamLines(counts)).toEqual([
    "a: 97 served (1: 40, 2: 57), longest wait 5.6 s, 1 answered 401, 2 failed (HTTP 503: 2), WebSocket cut: 1006 by end: 1",
    "b: 1 served (answered: 1), longest wait 0.0 s, 0 failed",
  ]);
  expect(failedOf(counts)).toBe(2);
});
