import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Cluster, clusterFor, startedCluster } from "../../toolchain/kubernetes/cluster.ts";
import { recordedCluster } from "../../toolchain/kubernetes/started-cluster.ts";
import { withLock } from "../../toolchain/lock.ts";
import { isRunning, ownProcess } from "../../toolchain/processes.ts";
import { lineProgress } from "../../toolchain/progress.ts";
import type { KubernetesParts } from "../../toolchain/set-up.ts";
import { partsOfThisRun, runProgram } from "./world.ts";

/** Names the folder of the cluster that the test files of one run share, see shared-cluster.ts. */
export const sharedClusterVariable = "CLAWFORCE_TEST_CLUSTER";

export function stateOf(folder: string): string {
  return join(folder, "state");
}

/** What a cluster is started from, or why this run has none: a file that needs it then skips its tests and says so. */
export async function kubernetesOfThisRun(): Promise<KubernetesParts | { missing: string }> {
  const { kubernetes } = await partsOfThisRun();
  const parts = kubernetes ?? { missing: "these parts were set up without it" };
  if ("missing" in parts) console.log(`NOT RUN: tests on a Kubernetes cluster, because ${parts.missing}`);
  return parts;
}

/** The cluster of all test files of this run, started by the first that asks. Each file works in namespaces of its own. */
export async function sharedCluster(parts: KubernetesParts): Promise<Cluster> {
  const folder = process.env[sharedClusterVariable];
  if (folder === undefined) throw new Error(`${sharedClusterVariable} is not set: see shared-cluster.ts`);
  return withLock(
    join(folder, "lock"),
    () => {},
    async () => {
      const record = recordedCluster(stateOf(folder));
      if (record !== undefined && (await isRunning(record.keeper))) return startedCluster(record);
      // The run itself, which has started this worker: killed with all its files, it takes the cluster with it.
      const owner = await ownProcess(process.ppid);
      return clusterFor({ ...parts, state: stateOf(folder), owner }, lineProgress());
    },
  );
}

/** Name of a namespace of its own, by that of a folder of its own. */
export function namespaceOf(folder: string): string {
  const own = folder.slice(-6).toLowerCase();
  return `n${own.replace(/[^a-z0-9]/g, "x")}`;
}

/** Runs kubectl to its end and gives what it printed; throws what it complained about. */
export async function kubectl(
  cluster: Cluster,
  argv: string[],
  kubeconfig = cluster.kubeconfig,
): Promise<string> {
  const run = await runProgram(cluster.kubectl, [`--kubeconfig=${kubeconfig}`, ...argv], environment());
  if (run.code !== 0) throw new Error(`kubectl ${argv.join(" ")} ended with ${run.code}:\n${run.output}`);
  return run.output;
}

/** Makes a kubeconfig lead to a port of this machine, at which the same server answers. */
export async function leadThrough(
  cluster: Cluster,
  { from, to, port }: { from: string; to: string; port: number },
): Promise<void> {
  const view = ["config", "view", "--raw", "--flatten", "--output=json"];
  const config = JSON.parse(await kubectl(cluster, view, from));
  const [{ cluster: server }] = config.clusters;
  const { hostname } = new URL(server.server);
  server.server = `https://127.0.0.1:${port}`;
  server["tls-server-name"] = hostname;
  await writeFile(to, JSON.stringify(config), { mode: 0o600 });
}

function environment(): Record<string, string> {
  return { PATH: process.env.PATH ?? "", HOME: "/nonexistent" };
}
