import { collectLogs } from "../docker/logs.ts";
import type { WorkloadContext } from "../workload.ts";

/** Requests that an ingress answered for a workload; `failed`: with a status of 500 or more. */
export interface RequestCount {
  served: number;
  failed: number;
}

/** From the ingress's own log; undefined for a workload without an ingress. */
export async function countRequests(
  { workload, docker }: WorkloadContext,
  since: Date,
): Promise<RequestCount | undefined> {
  return workload.ingress === undefined
    ? undefined
    : requestsIn(
        await collectLogs(docker, workload.ingress.container, since.toISOString()),
        workload.name,
        since,
      );
}

/** One JSON line a request; what else the log says is passed over. */
export function requestsIn(log: string, service: string, since: Date): RequestCount {
  const count: RequestCount = { served: 0, failed: 0 };
  for (const line of log.split("\n")) {
    const entry = entryOf(line);
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

function entryOf(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
