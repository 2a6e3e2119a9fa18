import type { WorkloadContext } from "../workload.ts";
import { ControlPlaneClient } from "./client.ts";

/** Opens the API of the stack's control plane for as long as `work` takes, from inside its own network namespace. */
export async function withControlPlane<T>(
  context: WorkloadContext,
  work: (client: ControlPlaneClient) => Promise<T>,
  /** Another one than the stack's: the copy of a drill. */
  container?: string,
): Promise<T> {
  const { workload, platform, secrets } = context;
  const { controlPlane } = workload;
  if (controlPlane === undefined) {
    throw new Error("there is no control plane in this stack");
  }
  const http = await platform.openHttp({
    image: workload.snapshots.image,
    workload: `${workload.name}/api`,
    unit: container ?? controlPlane.container,
    url: `http://127.0.0.1:${controlPlane.port}`,
  });
  const account = { username: controlPlane.username, password: secrets.controlPlanePassword };
  const { deadline } = controlPlane;
  const client = new ControlPlaneClient(http, account, deadline === undefined ? {} : { deadline });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
