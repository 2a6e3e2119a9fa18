import { join } from "node:path";

/** Name of the one node. */
export const nodeName = "node";

/** Where things are inside the cluster's own mounts: short, because sockets lie below. */
export const inside = {
  /** The state folder of the cluster. */
  state: "/run/cluster",
  /** The folder with the programs. */
  programs: "/run/programs",
  etcd: "/run/etcd",
  containerd: "/run/containerd.sock",
} as const;

/** The files of one cluster, below its state folder: seen from the machine, or from inside. */
export function placesIn(state: string) {
  const keys = join(state, "keys");
  const settings = join(state, "settings");
  return {
    /** Of the administrator, for whoever uses the cluster. */
    kubeconfig: join(state, "kubeconfig"),
    /** What is known of a cluster that has started. */
    record: join(state, "cluster.json"),
    /** Why it has not started, or why it has ended: a clause. */
    failure: join(state, "failure.txt"),
    logs: join(state, "logs"),
    keys,
    tokens: join(keys, "tokens.csv"),
    apiCertificate: join(keys, "api.crt"),
    apiKey: join(keys, "api.key"),
    kubeletClientCertificate: join(keys, "kubelet-client.crt"),
    kubeletClientKey: join(keys, "kubelet-client.key"),
    serviceAccountKey: join(keys, "service-account.key"),
    settings,
    containerdConfig: join(settings, "containerd.toml"),
    kubeletConfig: join(settings, "kubelet.json"),
    proxyConfig: join(settings, "kube-proxy.json"),
    cniConfig: join(settings, "cni"),
    registries: join(settings, "registries"),
    kubeletPki: join(state, "kubelet-pki"),
    kubelet: join(state, "kubelet"),
    containerd: join(state, "containerd"),
    podLogs: join(state, "pod-logs"),
    plugins: join(state, "plugins"),
    /** The contents of the claims, a folder each. */
    volumes: join(state, "volumes"),
    kubeconfigOf: (component: string) => join(settings, `${component}.kubeconfig`),
  };
}
