import { join } from "node:path";
import type { ManagedInstance, SetImageBy } from "../../platforms/control-plane.ts";
import { accessOf, controlPlaneOf } from "../control-plane/access.ts";
import type { WorkloadContext } from "../workload.ts";

/** One instance that a running control plane has made. */
export interface ManagedContext extends Pick<WorkloadContext, "progress"> {
  instance: ManagedInstance;
}

/** Opens the API and hands over the instance, for as long as `work` takes. */
export function withManaged<T>(
  context: WorkloadContext,
  work: (managed: ManagedContext) => Promise<T>,
): Promise<T> {
  const { workload, progress } = context;
  return controlPlaneOf(context).instance(workload.container, (instance) => work({ instance, progress }));
}

/** How the image of an instance is set. */
export function wayToSetImage(context: WorkloadContext): SetImageBy {
  const { container, data, database, setImage } = accessOf(context);
  const tools = context.workload.snapshots.image;
  return { way: setImage, database: { controlPlane: container, data, file: database, tools } };
}

export function backupOptions(context: WorkloadContext): { statePath: string; folder: string } {
  return { statePath: context.workload.mount, folder: backupFolder(context) };
}

/** Where the backups of a workload are kept on the machine that updates: 0700. */
export function backupFolder({ log }: Pick<WorkloadContext, "log">): string {
  return join(log.folder, "backups");
}
