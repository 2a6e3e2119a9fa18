import { parsedJson } from "../../../config/json.ts";
import type { LogLine } from "../../docker/logs.ts";

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
export async function cutRequests(
  lines: AsyncIterable<LogLine>,
  { service, address, since, until }: CutFacts,
): Promise<Cut> {
  const cut: Cut = { webSockets: 0, requests: 0 };
  const [first, last] = [Date.parse(since), Date.parse(until)];
  for await (const { text } of lines) {
    const entry = parseEntry(text);
    const time = Date.parse(String(entry?.time));
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

/** What became of the requests for a workload, by the status that the ingress answered. */
export interface RequestCount {
  /** Below 500, but for those that the client gave up. */
  served: number;
  /** 502, 503, 504, or no status at all: the gateway did not answer. */
  failed: number;
  /** Any other status of 500 or more: the gateway's own answer, which one bad request is enough for. */
  errors: number;
}

export function noRequests(): RequestCount {
  return { served: 0, failed: 0, errors: 0 };
}

const notAnswered = [502, 503, 504];
/** kamal-proxy's status for a client that has gone: it says nothing of the gateway. */
const givenUp = 499;

/** The service of a request, and what it counts as; undefined for every other line of the log. */
export function requestOf(line: string): { service: string; as: keyof RequestCount } | undefined {
  if (!line.includes('"Request"')) return undefined;
  const entry = parseEntry(line);
  if (entry?.msg !== "Request" || typeof entry.service !== "string" || entry.status === givenUp) {
    return undefined;
  }
  const { service, status } = entry;
  if (typeof status !== "number" || notAnswered.includes(status)) return { service, as: "failed" };
  return { service, as: status >= 500 ? "errors" : "served" };
}

function parseEntry(line: string): Record<string, unknown> | undefined {
  const value = parsedJson(line);
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
}
