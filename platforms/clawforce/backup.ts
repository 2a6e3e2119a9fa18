import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { OperationFailure } from "../failure.ts";
import { until } from "../until.ts";
import type { ControlPlaneClient } from "./client.ts";

/** Seconds until a backup must be completed. */
const deadline = 600;

/** Has the control plane make a backup of an instance, and brings it here. */
export async function backUp(
  client: ControlPlaneClient,
  { name, id: instance }: { name: string; id: number },
  paths: readonly string[],
  folder: string,
): Promise<{ id: number; file: string }> {
  const id = await client.createBackup(instance, paths, "before an update by clawforce-fleet");
  await until(
    async () => {
      const backup = await client.backup(id);
      if (backup.status === "completed") return { found: backup };
      if (backup.status === "running") return { waitsFor: backup.status };
      throw new OperationFailure(
        `backup ${id} of ${name} ended as ${backup.status}: ${backup.error_message ?? "no reason given"}.`,
      );
    },
    {
      deadline,
      interval: 0.5,
      late: () =>
        new OperationFailure(
          `backup ${id} of ${name} still runs after ${deadline} s. Wait for it in the control plane, then try again.`,
        ),
    },
  );
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${name}-${id}.tar.gz`);
  await client.downloadBackup(id, file);
  return { id, file };
}
