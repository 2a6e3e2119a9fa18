import type { HttpAnswer } from "../../platforms/http.ts";
import type { WorkloadContext } from "../workload.ts";

/** Asks a workload from inside its own network, a gateway with its token. */
export interface WorkloadHttp {
  get(path: string, port: number, deadline: number): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export async function openWorkloadHttp(context: WorkloadContext): Promise<WorkloadHttp> {
  const { platform, workload, secrets } = context;
  const client = await platform.openHttp({
    image: workload.snapshots.image,
    workload: `${workload.name}/probe`,
    unit: workload.container,
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
