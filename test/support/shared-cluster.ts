import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recordedCluster, stopCluster } from "../../toolchain/kubernetes/started-cluster.ts";
import { sharedClusterVariable, stateOf } from "./cluster.ts";

/** Before the first test file: where the files that ask for the cluster find each other. It is started by the first. */
export async function setup(): Promise<void> {
  process.env[sharedClusterVariable] = await mkdtemp(join(tmpdir(), "clawforce-cluster-"));
}

/** After the last test file. */
export async function teardown(): Promise<void> {
  const folder = process.env[sharedClusterVariable];
  if (folder === undefined) return;
  const record = recordedCluster(stateOf(folder));
  if (record !== undefined) await stopCluster(record);
  await rm(folder, { recursive: true });
}
