import { collectLogs } from "../docker/logs.ts";
import type { WorkloadContext } from "../workload.ts";
import { type RequestCount, requestsIn } from "./request-log.ts";

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
