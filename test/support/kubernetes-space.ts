import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cluster as Client } from "../../platforms/kubernetes/cluster.ts";
import type { Pod } from "../../platforms/kubernetes/objects.ts";
import { KubernetesPlatform } from "../../platforms/kubernetes/platform.ts";
import { unlessGone } from "../../platforms/kubernetes/refusal.ts";
import { neededRights } from "../../platforms/kubernetes/rights.ts";
import { type KubernetesSettings, kubernetesSettings } from "../../platforms/kubernetes/settings.ts";
import type { Cluster } from "../../toolchain/kubernetes/cluster.ts";
import { kubectl, leadThrough, namespaceOf } from "./cluster.ts";

type KubernetesObject = { metadata: { name: string } } & Record<string, unknown>;
type Right = { group: string; resource: string; subresource?: string; verbs: readonly string[] };

/** Of the fixture. */
export const statePath = "/home/node/.openclaw";

/** A namespace of its own on a real cluster, with storage, and with a deployer that has the rights of the program and no more. */
export class KubernetesSpace {
  readonly name: string;
  readonly folder: string;
  readonly cluster: Cluster;
  /** As an administrator. */
  readonly admin: Client;
  #deployer = "";

  private constructor(cluster: Cluster, folder: string) {
    this.cluster = cluster;
    this.folder = folder;
    this.name = namespaceOf(folder);
    this.admin = new Client(this.settings({ kubeconfig: cluster.kubeconfig }));
  }

  static async create(cluster: Cluster): Promise<KubernetesSpace> {
    const space = new KubernetesSpace(cluster, await mkdtemp(join(tmpdir(), "clawforce-space-")));
    await space.create("/api/v1/namespaces", { metadata: { name: space.name } });
    await space.claim("folders");
    space.#deployer = await space.account("deployer", neededRights);
    return space;
  }

  settings(change: Partial<KubernetesSettings> = {}): KubernetesSettings {
    const settings = kubernetesSettings.parse({
      kind: "kubernetes",
      namespace: this.name,
      folders: "folders",
    });
    return { ...settings, kubeconfig: this.#deployer, ...change };
  }

  platform(change: Partial<KubernetesSettings> = {}): KubernetesPlatform {
    return new KubernetesPlatform(this.settings(change));
  }

  create(path: string, object: KubernetesObject): Promise<unknown> {
    return this.admin.ask({ method: "POST", path, body: object });
  }

  kubectl(...argv: string[]): Promise<string> {
    return kubectl(this.cluster, ["-n", this.name, ...argv]);
  }

  async claim(name: string): Promise<void> {
    await this.create(this.admin.in("v1", "persistentvolumeclaims"), {
      metadata: { name },
      spec: {
        accessModes: ["ReadWriteOnce"],
        resources: { requests: { storage: "64Mi" } },
      },
    });
  }

  /** A gateway on a claim of its own, at no replicas, as the provider would make it. */
  async gateway(name: string, image: string): Promise<Record<string, unknown>> {
    await this.claim(`${name}-state`);
    const set = statefulSet(name, image);
    await this.apply(name, set);
    return set;
  }

  async apply(name: string, set: Record<string, unknown>): Promise<void> {
    await this.admin.ask({
      method: "PATCH",
      path: this.admin.in("apps/v1", "statefulsets", name),
      query: { fieldManager: "pulumi-kubernetes-12345678", force: true },
      type: "application/apply-patch+yaml",
      body: set,
    });
  }

  async pods(): Promise<string[]> {
    const pods = await this.admin.list<Pod>(this.admin.in("v1", "pods"));
    return pods.map(({ metadata }) => metadata.name).toSorted();
  }

  /** The kubeconfig of one who has these rights in the namespace, and no others. */
  async account(name: string, rights: readonly Right[]): Promise<string> {
    const roles = this.admin.in("rbac.authorization.k8s.io/v1", "roles");
    await this.create(this.admin.in("v1", "serviceaccounts"), { metadata: { name } });
    await this.create(roles, {
      metadata: { name },
      rules: rights.map(({ group, resource, subresource, verbs }) => ({
        apiGroups: [group],
        resources: [subresource === undefined ? resource : `${resource}/${subresource}`],
        verbs,
      })),
    });
    await this.create(this.admin.in("rbac.authorization.k8s.io/v1", "rolebindings"), {
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
      subjects: [{ kind: "ServiceAccount", name, namespace: this.name }],
    });
    const file = join(this.folder, `${name}.kubeconfig`);
    await this.cluster.kubeconfigOf({ namespace: this.name, serviceAccount: name, file });
    return file;
  }

  /** A kubeconfig that leads to another address of the same server. */
  async through(port: number): Promise<string> {
    const file = join(this.folder, `${port}.kubeconfig`);
    await leadThrough(this.cluster, { from: this.#deployer, to: file, port });
    return file;
  }

  async remove(): Promise<void> {
    await unlessGone(this.admin.ask({ method: "DELETE", path: `/api/v1/namespaces/${this.name}` }));
    await rm(this.folder, { recursive: true });
  }
}

export function statefulSet(name: string, image: string, change: { labels?: object } = {}) {
  const labels = { "clawforce.io/stack": "test", "clawforce.io/workload": name };
  return {
    ...{ apiVersion: "apps/v1", kind: "StatefulSet" },
    metadata: { name, labels: { ...labels, ...change.labels } },
    spec: {
      ...{ replicas: 0, serviceName: name, selector: { matchLabels: labels } },
      template: {
        metadata: { labels, annotations: { "clawforce.io/made": image.slice(-12) } },
        spec: {
          ...{ automountServiceAccountToken: false, terminationGracePeriodSeconds: 10 },
          securityContext: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 },
          containers: [
            {
              ...{ name: "workload", image },
              env: [{ name: "GREETING", value: "hello" }],
              readinessProbe: { httpGet: { path: "/healthz", port: 18789 }, periodSeconds: 1 },
              volumeMounts: [{ name: "state", mountPath: statePath }],
            },
          ],
          volumes: [{ name: "state", persistentVolumeClaim: { claimName: `${name}-state` } }],
        },
      },
    },
  };
}
