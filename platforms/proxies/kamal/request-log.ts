import { parsedJson } from "../../../config/json.ts";
import type { LogLine } from "../../platform.ts";
import type { Cut, ProxyRequest, RequestCount } from "../../proxy.ts";

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

/** Each request in a log, once. */
export async function* requestsIn(lines: AsyncIterable<LogLine>): AsyncGenerator<ProxyRequest> {
  for await (const { time, text } of lines) {
    const request = requestOf(text);
    if (request !== undefined) yield { time, ...request };
  }
}
