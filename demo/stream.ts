import { Agent, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { openWebSocket, type WebSocketClient } from "./web-socket.ts";

/** A workload that the stream asks, through the ingress. */
export interface StreamTarget {
  workload: string;
  /** The name under which the ingress serves it. */
  host: string;
  /** With each request: a session's cookie, a token. Asked for each time, as they change. */
  headers?: () => Readonly<Record<string, string>>;
  /** Asked again and again. Never the path of the ingress's health check: that one it answers itself while it holds. */
  path: string;
  /** Field of a JSON answer that says which version answered; without one all count as "answered". */
  version?: string;
  /** Where a WebSocket is kept open; without one there is none. */
  webSocket?: string;
}

export interface StreamOptions {
  /** Where the ingress listens. */
  address: string;
  port: number;
  targets: readonly StreamTarget[];
  /** Requests a second, over all workloads together. */
  rate: number;
  /** Seconds after which a request counts as failed: longer than the longest hold. */
  timeout: number;
}

/** What became of the requests to one workload. */
export interface StreamCounts {
  sent: number;
  /** Answered with 2xx. */
  served: number;
  /** Seconds that the slowest answer of all took: the longest wait. */
  longest: number;
  /** Seconds of the longest time in which none was answered with 2xx, of those that have ended. */
  silence: number;
  /** Answered with 401: the session is over, the request was not lost. */
  unauthorized: number;
  /** Any other status, a broken connection, no answer in time. */
  failed: number;
  /** What failed, each with how often: "HTTP 503" -> 12. */
  failures: Record<string, number>;
  /** Which version answered how many. */
  versions: Record<string, number>;
  webSockets: {
    opened: number;
    /** How those ended that we did not close: "1006 by end" -> 2. */
    ended: Record<string, number>;
    /** Why others could not be opened. */
    refused: Record<string, number>;
  };
}

/** Between two words of a WebSocket, and before it is opened again. Milliseconds. */
const webSocketPause = 250;

/**
 * A steady stream of requests: each is sent in its turn whatever became of those before, over connections that are kept.
 * So what an update costs shows as it does to users: waiting, failed, answered by which version.
 */
export class Stream {
  readonly #options: StreamOptions;
  readonly #counts: Map<string, StreamCounts>;
  /** By workload: when it was last served, by the clock of `performance`. */
  readonly #served = new Map<string, number>();
  readonly #agent = new Agent({ keepAlive: true });
  readonly #underWay = new Set<Promise<void>>();
  readonly #clients = new Set<WebSocketClient>();
  readonly #loops: Promise<void>[] = [];
  #stopped = false;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#counts = new Map(options.targets.map(({ workload }) => [workload, noCounts()]));
  }

  start(): void {
    const began = performance.now();
    for (const workload of this.#counts.keys()) this.#served.set(workload, began);
    this.#loops.push(this.#sendAll());
    for (const target of this.#options.targets.filter(({ webSocket }) => webSocket !== undefined)) {
      this.#loops.push(this.#keepWebSocket(target));
    }
  }

  /** What it has counted until now; requests under way are in `sent` alone. */
  counts(workload: string): StreamCounts {
    return structuredClone(this.#countsOf(workload));
  }

  /** Sends no more, waits for what is under way, and returns the counts of each workload. */
  async stop(): Promise<Record<string, StreamCounts>> {
    this.#stopped = true;
    for (const client of this.#clients) {
      client.close();
    }
    await Promise.all(this.#loops);
    await Promise.all(this.#underWay);
    this.#agent.destroy();
    for (const workload of this.#counts.keys()) this.#endSilence(workload);
    return Object.fromEntries(this.#counts);
  }

  /** By the clock, not by the timer: a late timer is made up for. */
  async #sendAll(): Promise<void> {
    const { targets, rate } = this.#options;
    const began = performance.now();
    for (let sent = 0; !this.#stopped; sent += 1) {
      const due = began + (sent * 1000) / rate;
      const early = due - performance.now();
      if (early > 1) {
        await sleep(early);
      }
      const target = targets[sent % targets.length];
      if (target !== undefined && !this.#stopped) {
        const answered = this.#ask(target).finally(() => this.#underWay.delete(answered));
        this.#underWay.add(answered);
      }
    }
  }

  async #ask(target: StreamTarget): Promise<void> {
    const counts = this.#countsOf(target.workload);
    counts.sent += 1;
    const began = performance.now();
    try {
      const { status, body } = await this.#get(target);
      counts.longest = Math.max(counts.longest, (performance.now() - began) / 1000);
      if (status >= 200 && status < 300) {
        counts.served += 1;
        this.#endSilence(target.workload);
        count(counts.versions, versionIn(body, target.version));
      } else if (status === 401) {
        counts.unauthorized += 1;
      } else {
        counts.failed += 1;
        count(counts.failures, `HTTP ${status}`);
      }
    } catch (error) {
      counts.failed += 1;
      count(counts.failures, (error as NodeJS.ErrnoException).code ?? String(error));
    }
  }

  #endSilence(workload: string): void {
    const counts = this.#countsOf(workload);
    const now = performance.now();
    counts.silence = Math.max(counts.silence, (now - (this.#served.get(workload) ?? now)) / 1000);
    this.#served.set(workload, now);
  }

  #get({ host, path, headers }: StreamTarget): Promise<{ status: number; body: string }> {
    const { address, port, timeout } = this.#options;
    return new Promise((resolve, reject) => {
      const asked = request(
        { host: address, port, path, headers: { ...headers?.(), host }, agent: this.#agent },
        (response: IncomingMessage) => {
          text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
        },
      );
      asked.setTimeout(timeout * 1000, () => asked.destroy(new Error(`no answer within ${timeout} s`)));
      asked.once("error", reject);
      asked.end();
    });
  }

  /** Keeps one WebSocket open, and opens it again at once when it was cut, as a client of a gateway does. */
  async #keepWebSocket({ workload, host, webSocket }: StreamTarget): Promise<void> {
    const { address, port, timeout } = this.#options;
    const counts = this.#countsOf(workload).webSockets;
    while (!this.#stopped) {
      try {
        const client = await openWebSocket({ address, port, host, path: webSocket ?? "/", timeout });
        counts.opened += 1;
        this.#clients.add(client);
        const words = setInterval(() => client.send("still there?"), webSocketPause);
        if (this.#stopped) {
          client.close();
        }
        const { code, by } = await client.ended;
        clearInterval(words);
        this.#clients.delete(client);
        if (by !== "us") {
          count(counts.ended, `${code} by ${by}`);
        }
      } catch (error) {
        count(counts.refused, error instanceof Error ? error.message : String(error));
        await sleep(webSocketPause);
      }
    }
  }

  #countsOf(workload: string): StreamCounts {
    const counts = this.#counts.get(workload);
    if (counts === undefined) {
      throw new Error(`the stream does not ask ${workload}`);
    }
    return counts;
  }
}

/** All failed requests of a stream: what an update promises to keep at none. */
export function failedOf(counts: Record<string, StreamCounts>): number {
  return Object.values(counts).reduce((sum, { failed }) => sum + failed, 0);
}

/** One line a workload, for people. */
export function streamLines(counts: Record<string, StreamCounts>): string[] {
  return Object.entries(counts).map(([workload, each]) => {
    const versions = listed(each.versions);
    const parts = [
      `${each.served} served${versions === "" ? "" : ` (${versions})`}`,
      `longest wait ${each.longest.toFixed(1)} s`,
      ...(each.unauthorized > 0 ? [`${each.unauthorized} answered 401`] : []),
      `${each.failed} failed${each.failed > 0 ? ` (${listed(each.failures)})` : ""}`,
      ...(each.webSockets.opened > 1 ? [`WebSocket cut: ${listed(each.webSockets.ended)}`] : []),
    ];
    return `${workload}: ${parts.join(", ")}`;
  });
}

function listed(counted: Record<string, number>): string {
  return Object.entries(counted)
    .map(([what, times]) => `${what}: ${times}`)
    .join(", ");
}

function noCounts(): StreamCounts {
  return {
    sent: 0,
    served: 0,
    longest: 0,
    silence: 0,
    unauthorized: 0,
    failed: 0,
    failures: {},
    versions: {},
    webSockets: { opened: 0, ended: {}, refused: {} },
  };
}

function versionIn(body: string, field: string | undefined): string {
  if (field === undefined) {
    return "answered";
  }
  try {
    return String((JSON.parse(body) as Record<string, unknown>)[field]);
  } catch {
    return "not JSON";
  }
}

function count(counted: Record<string, number>, what: string): void {
  counted[what] = (counted[what] ?? 0) + 1;
}
