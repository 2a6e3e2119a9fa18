import type { PlatformWords } from "../words.ts";
import type { Cluster } from "./cluster.ts";
import { kubectlName } from "./controller-kind.ts";

export function kubernetesWords(cluster: Pick<Cluster, "kinds" | "kubectl">): PlatformWords {
  const controllerOf = (unit: string) => kubectlName(cluster.kinds.get(unit) ?? "StatefulSet", unit);
  return {
    place: "the cluster",
    disk: {
      name: "the disk of its node",
      advice:
        "`kubectl describe node` shows whether that disk is under pressure. Its kubelet removes images that nothing uses.",
    },
    answerCommand: () => cluster.kubectl("get --raw /readyz"),
    listCommand: () => cluster.kubectl("get statefulset,deployment"),
    logCommand: (unit) => cluster.kubectl(`logs --tail 50 ${controllerOf(unit)}`),
    pullCommand: (reference) => `crictl pull ${reference}, on a node of the cluster`,
    folderCommand: () => undefined,
    removeCommands: (unit) => [
      cluster.kubectl(`scale ${controllerOf(unit)} --replicas 0`),
      cluster.kubectl(`delete ${controllerOf(unit)}`),
    ],
  };
}
