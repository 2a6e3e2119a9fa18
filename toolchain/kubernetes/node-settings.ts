import type { Addresses } from "./addresses.ts";
import { clusterDomain } from "./names.ts";
import { pauseImage } from "./pause-image.ts";
import { inside, nodeName, placesIn } from "./places.ts";

const places = placesIn(inside.state);

/** The file and its text for each setting of the node's programs; paths are relative to the settings folder. */
export function nodeSettings(node: {
  addresses: Addresses;
  cniPrograms: string;
  registry: NodeRegistry | undefined;
}): Record<string, string> {
  const { addresses, cniPrograms, registry } = node;
  return {
    "containerd.toml": containerdConfig(cniPrograms),
    "kubelet.json": asJson(kubeletConfig(addresses)),
    "kube-proxy.json": asJson(proxyConfig(addresses)),
    "cni/pods.conflist": asJson(cniConfig(addresses)),
    ...(registry === undefined ? {} : registrySettings(registry)),
  };
}

export interface NodeRegistry {
  /** As it stands in image references: `127.0.0.1:5077`. */
  readonly name: string;
  /** Where the node reaches it: `10.231.0.1:5077`. */
  readonly address: string;
}

/** Images without a registry in their name come from ours too: the node reaches no other one. */
function registrySettings({ name, address }: NodeRegistry): Record<string, string> {
  const hosts = `server = "http://${address}"\n\n[host."http://${address}"]\n  capabilities = ["pull", "resolve"]\n`;
  return { [`registries/${name}/hosts.toml`]: hosts, "registries/docker.io/hosts.toml": hosts };
}

function containerdConfig(cniPrograms: string): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = "${places.containerd}"
state = "/run/containerd"
# The first one makes a folder on the machine, the others want file systems that need not be there.
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]

[grpc]
  address = "${inside.containerd}"

[${cri}]
  sandbox_image = "${pauseImage}"
  # Not every machine lets root lower it.
  restrict_oom_score_adj = true
  disable_hugetlb_controller = true
  tolerate_missing_hugetlb_controller = true

[${cri}.cni]
  bin_dir = "${cniPrograms}"
  conf_dir = "${places.cniConfig}"

[${cri}.registry]
  config_path = "${places.registries}"

[${cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[${cri}.containerd.runtimes.runc.options]
  SystemdCgroup = false
`;
}

function kubeletConfig({ name, node, host }: Addresses): object {
  const never = { "nodefs.available": "0%", "nodefs.inodesFree": "0%", "imagefs.available": "0%" };
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: node,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: places.kubeletClientCertificate },
    },
    authorization: { mode: "Webhook" },
    cgroupDriver: "cgroupfs",
    clusterDNS: [host],
    clusterDomain,
    cgroupRoot: `/${name}`,
    containerRuntimeEndpoint: `unix://${inside.containerd}`,
    // A full disk of the machine must not empty the node.
    evictionHard: never,
    imageGCHighThresholdPercent: 100,
    failCgroupV1: false,
    failSwapOn: false,
    oomScoreAdj: 0,
    podLogsDir: places.podLogs,
    // The machine's own values stay: what kubelet sees has those that it wants, see sysctls.ts.
    protectKernelDefaults: true,
    resolvConf: "",
    serializeImagePulls: false,
    volumePluginDir: places.plugins,
  };
}

function proxyConfig({ pods }: Addresses): object {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    clientConnection: { kubeconfig: places.kubeconfigOf("kube-proxy") },
    clusterCIDR: pods,
    // These are the whole machine's: kube-proxy must not touch them.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
    healthzBindAddress: "127.0.0.1:10256",
    hostnameOverride: nodeName,
    metricsBindAddress: "127.0.0.1:10249",
    mode: "iptables",
    oomScoreAdj: 0,
  };
}

function cniConfig({ pods }: Addresses): object {
  return {
    cniVersion: "0.4.0",
    name: "pods",
    plugins: [
      {
        type: "bridge",
        bridge: "cni0",
        isDefaultGateway: true,
        ipMasq: true,
        hairpinMode: true,
        ipam: { type: "host-local", dataDir: "/run/cni", ranges: [[{ subnet: pods }]] },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
}

function asJson(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
