import { parsedJson } from "../../config/json.ts";

/** Requests that the ingress cut. */
export interface Cut {
  webSockets: number;
  requests: number;
}

export interface CutFacts {
  service: string;
  /** `NAME:PORT` of its container. */
  address: string;
  /** ISO 8601. */
  since: string;
  until: string;
}

/** Counts in the ingress's own log what it cut while it held a service: WebSockets at once, requests after the drain. */
export function cutRequests(log: string, { service, address, since, until }: CutFacts): Cut {
  const cut: Cut = { webSockets: 0, requests: 0 };
  const [first, last] = [new Date(since).getTime(), new Date(until).getTime()];
  for (const line of log.split("\n")) {
    const entry = parseEntry(line);
    const time = new Date(String(entry?.time)).getTime();
    if (entry === undefined || !(time >= first && time <= last)) {
      continue;
    }
    if (entry.msg === "Request" && entry.service === service && entry.status === 101) {
      cut.webSockets += 1;
    } else if (entry.msg === "Request cancelled due to draining" && entry.target === address) {
      cut.requests += 1;
    }
  }
  return cut;
}

/** Requests that an ingress answered for a workload; `failed`: with a status of 500 or more. */
export interface RequestCount {
  served: number;
  failed: number;
}

/** One JSON line a request; what else the log says is passed over. */
export function requestsIn(log: string, service: string, since: Date): RequestCount {
  const count: RequestCount = { served: 0, failed: 0 };
  for (const line of log.split("\n")) {
    const entry = parseEntry(line);
    if (
      entry?.msg !== "Request" ||
      entry.service !== service ||
      !(Date.parse(String(entry.time)) >= since.getTime())
    ) {
      continue;
    }
    const failed = typeof entry.status !== "number" || entry.status >= 500;
    count[failed ? "failed" : "served"] += 1;
  }
  return count;
}

function parseEntry(line: string): Record<string, unknown> | undefined {
  const value = parsedJson(line);
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
}
