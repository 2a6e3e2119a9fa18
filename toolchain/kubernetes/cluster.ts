import { join } from "node:path";
import type { Progress } from "../progress.ts";
import { kubeconfigOf } from "./access.ts";
import type { ClusterRecord, KeeperOrder } from "./cluster-record.ts";
import { namedCluster } from "./named-cluster.ts";
import { placesIn } from "./places.ts";
import { startCluster, stopCluster } from "./started-cluster.ts";

/** One that is started now, or one of the user's own: a context of the user's kubeconfig, named by the user. */
export type ClusterChoice = KeeperOrder | { readonly useContext: string; readonly state: string };

/** A cluster to work with. */
export interface Cluster {
  /** Where its API answers: `https://10.231.0.2:6443`. */
  readonly server: string;
  /** Of an administrator; for root alone. */
  readonly kubeconfig: string;
  readonly kubectl: string;
  /** What is known of a disposable one; undefined for one that the user named. */
  readonly record: ClusterRecord | undefined;
  /** Writes a kubeconfig of a service account to the file: it may do what its roles allow, for a day. */
  kubeconfigOf(account: { namespace: string; serviceAccount: string; file: string }): Promise<void>;
  /** Ends a disposable cluster; leaves one that the user named as it is. */
  stop(): Promise<void>;
}

/**
 * The cluster that the user has named, else a disposable one that is started now. Says which, and why. The caller removes
 * the state folder after `stop`.
 */
export function clusterFor(choice: ClusterChoice, progress: Progress): Promise<Cluster> {
  return progress.step("Kubernetes cluster", async ({ doing, result }) => {
    if ("useContext" in choice) {
      const { useContext, state } = choice;
      const { kubeconfig } = placesIn(state);
      const { kubectl, server } = await namedCluster(useContext, kubeconfig);
      result(`Kubernetes cluster: context ${useContext} of your kubeconfig, as --use-context names it`);
      return opened({ server, kubeconfig, kubectl }, undefined);
    }
    doing("starting a disposable cluster");
    const record = await startCluster(choice);
    result(
      `Kubernetes cluster: a disposable one at ${record.server}, as no --use-context names another; its processes hang on ${record.keeper.pid}`,
    );
    return startedCluster(record);
  });
}

/** A disposable cluster that runs, by its record: for those that have not started it themselves. */
export function startedCluster(record: ClusterRecord): Cluster {
  const { kubeconfig } = placesIn(record.state);
  const { server, programs } = record;
  return opened({ server, kubeconfig, kubectl: join(programs, "kubectl") }, record);
}

function opened(
  access: { server: string; kubeconfig: string; kubectl: string },
  record: ClusterRecord | undefined,
): Cluster {
  const { kubeconfig, kubectl } = access;
  return {
    ...access,
    record,
    kubeconfigOf: (account) => kubeconfigOf({ kubectl, admin: kubeconfig, ...account }),
    stop: async () => {
      if (record !== undefined) await stopCluster(record);
    },
  };
}
