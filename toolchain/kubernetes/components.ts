import type { Argv } from "../processes.ts";
import { type Addresses, firstAddressOf } from "./addresses.ts";
import { inside, nodeName, placesIn } from "./places.ts";

/** One program of the cluster, started again when it ends. */
export interface Component {
  readonly name: string;
  readonly argv: Argv;
}

/** Whom each client of the API is; the first is for whoever uses the cluster. */
export const identities = {
  admin: { user: "admin", group: "system:masters" },
  kubelet: { user: `system:node:${nodeName}`, group: "system:nodes" },
  "kube-controller-manager": { user: "system:kube-controller-manager", group: "" },
  "kube-scheduler": { user: "system:kube-scheduler", group: "" },
  "kube-proxy": { user: "system:kube-proxy", group: "" },
} as const;

const places = placesIn(inside.state);
const etcdAddress = "http://127.0.0.1:2379";

export interface NodePrograms {
  readonly etcd: string;
  readonly containerd: string;
}

/** In the order in which they are started. */
export function components(addresses: Addresses, { etcd, containerd }: NodePrograms): Component[] {
  const of = (name: string, ...flags: string[]): Component => ({
    name,
    argv: [`${inside.programs}/${name}`, ...flags],
  });
  return [
    { name: "etcd", argv: [etcd, ...etcdFlags()] },
    { name: "containerd", argv: [containerd, "--config", places.containerdConfig] },
    of("kube-apiserver", ...apiServerFlags(addresses)),
    of("kube-controller-manager", ...controllerFlags()),
    of("kube-scheduler", ...asClient("kube-scheduler"), "--leader-elect=false", "--bind-address=127.0.0.1"),
    of("kubelet", ...kubeletFlags(addresses)),
    of("kube-proxy", `--config=${places.proxyConfig}`),
  ];
}

function etcdFlags(): string[] {
  const peers = "http://127.0.0.1:2380";
  return [
    `--name=${nodeName}`,
    `--data-dir=${inside.etcd}`,
    `--listen-client-urls=${etcdAddress}`,
    `--advertise-client-urls=${etcdAddress}`,
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=${nodeName}=${peers}`,
  ];
}

function apiServerFlags({ node, services }: Addresses): string[] {
  return [
    `--etcd-servers=${etcdAddress}`,
    `--advertise-address=${node}`,
    `--service-cluster-ip-range=${services}`,
    `--tls-cert-file=${places.apiCertificate}`,
    `--tls-private-key-file=${places.apiKey}`,
    `--token-auth-file=${places.tokens}`,
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    "--allow-privileged=true",
    `--kubelet-client-certificate=${places.kubeletClientCertificate}`,
    `--kubelet-client-key=${places.kubeletClientKey}`,
    "--kubelet-preferred-address-types=InternalIP",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${places.serviceAccountKey}`,
    `--service-account-signing-key-file=${places.serviceAccountKey}`,
  ];
}

function controllerFlags(): string[] {
  return [
    ...asClient("kube-controller-manager"),
    `--root-ca-file=${places.apiCertificate}`,
    `--service-account-private-key-file=${places.serviceAccountKey}`,
    "--use-service-account-credentials=true",
    "--leader-elect=false",
    "--bind-address=127.0.0.1",
  ];
}

function asClient(component: string): string[] {
  const file = places.kubeconfigOf(component);
  return [
    `--kubeconfig=${file}`,
    `--authentication-kubeconfig=${file}`,
    `--authorization-kubeconfig=${file}`,
  ];
}

function kubeletFlags({ node }: Addresses): string[] {
  return [
    `--config=${places.kubeletConfig}`,
    `--kubeconfig=${places.kubeconfigOf("kubelet")}`,
    `--root-dir=${places.kubelet}`,
    `--cert-dir=${places.kubeletPki}`,
    `--hostname-override=${nodeName}`,
    `--node-ip=${node}`,
  ];
}

/** What the API's certificate is good for. */
export function apiNames({ node, services }: Addresses): string {
  return `IP:${node},IP:${firstAddressOf(services)},DNS:kubernetes.default.svc`;
}

export function apiAddress({ node }: Addresses): string {
  return `https://${node}:6443`;
}
