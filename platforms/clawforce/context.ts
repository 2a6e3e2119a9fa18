import { join } from "node:path";
import { withControlPlane } from "../../lifecycle/control-plane/access.ts";
import type { ControlPlaneAccess, WorkloadContext } from "../../lifecycle/workload.ts";
import { clientFor } from "../docker/client.ts";
import { OperationFailure } from "../failure.ts";
import type { SetImageOptions } from "./image.ts";
import type { ManagedContext } from "./instance.ts";

/** The control plane of a managed workload. */
function managerOf({ workload }: WorkloadContext): ControlPlaneAccess {
  if (workload.controlPlane === undefined) {
    throw new OperationFailure(`${workload.name} has no control plane that could manage it.`);
  }
  return workload.controlPlane;
}

/** Opens the API and hands over the instance, for as long as `work` takes. */
export function withManaged<T>(
  context: WorkloadContext,
  work: (managed: ManagedContext) => Promise<T>,
): Promise<T> {
  const { workload, progress } = context;
  const docker = clientFor(workload);
  return withControlPlane(context, (client) =>
    work({ instance: workload.container, client, docker, progress }),
  );
}

/** How the image of an instance is set. */
export function wayToSetImage(context: WorkloadContext): Pick<SetImageOptions, "way" | "database"> {
  const { container, data, database, setImage } = managerOf(context);
  const tools = context.workload.snapshots.image;
  return { way: setImage, database: { controlPlane: container, data, file: database, tools } };
}

/** Where the backups of a workload are kept on the machine that updates: 0700. */
export function backupFolder({ log }: WorkloadContext): string {
  return join(log.folder, "backups");
}
