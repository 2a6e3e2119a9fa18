import { type HttpAnswer, openHttp } from "../../platforms/docker/http.ts";
import type { WorkloadContext } from "../workload.ts";

/** Asks a workload from inside its own network, a gateway with its token. */
export interface WorkloadHttp {
  get(path: string, port: number, deadline: number): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export async function openWorkloadHttp(context: WorkloadContext): Promise<WorkloadHttp> {
  const { docker, workload, secrets } = context;
  const client = await openHttp(docker, {
    image: workload.snapshots.image,
    label: `${workload.name}/probe`,
    networkMode: `container:${workload.container}`,
    url: "http://127.0.0.1",
  });
  const headers: Record<string, string> =
    workload.track === "runtime" && secrets.gatewayToken !== ""
      ? { authorization: `Bearer ${secrets.gatewayToken}` }
      : {};
  return {
    get: (path, port, deadline) => client.send({ method: "GET", path, port, headers, deadline }),
    close: () => client.close(),
  };
}
