import { spawn } from "node:child_process";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectFolder } from "../../fleet/project.ts";
import type { Cluster } from "../../toolchain/kubernetes/cluster.ts";
import type { KubernetesParts } from "../../toolchain/set-up.ts";
import { type Asked, answerIn, askArgv } from "./asked.ts";
import { kubectl, namespaceOf, sharedCluster } from "./cluster.ts";
import { until, World, type WorldOptions } from "./world.ts";
import { type AgentImages, fixtureGroup } from "./world-settings.ts";

/** What must not change in a unit that is not touched. */
export interface PodIdentity {
  uid: string;
  startedAt: string;
  restarts: number;
}

interface LivePod {
  metadata: { uid: string };
  spec: { containers: { image: string }[] };
  status: { startTime: string; containerStatuses: { restartCount: number }[] };
}

/** With the rights that are shipped, and no more. */
const deployerFile = join(projectFolder, "docs", "kubernetes-deployer.yaml");

/** One stack in a namespace of its own, on the cluster of this run. */
export class ClusterWorld {
  readonly world: World;
  readonly cluster: Cluster;
  readonly namespace: string;
  /** Of its gateways: what is changed here is in the configuration with the next `world.configure()`. */
  readonly container: Record<string, unknown>;
  /** Of whoever deploys. */
  readonly kubeconfig: string;
  readonly #folder: string;

  private constructor(
    world: World,
    own: Pick<ClusterWorld, "cluster" | "namespace" | "container">,
    folder: string,
  ) {
    this.world = world;
    this.cluster = own.cluster;
    this.namespace = own.namespace;
    this.container = own.container;
    this.kubeconfig = join(folder, "kubeconfig");
    this.#folder = folder;
  }

  /**
   * @param options - see `World`; its settings are added to those of a stack on Kubernetes.
   * @param own - a cluster of the test's own; default: that of this run.
   */
  static async create(
    kubernetes: KubernetesParts,
    images: AgentImages,
    options: WorldOptions = {},
    own?: Cluster,
  ): Promise<ClusterWorld> {
    const cluster = own ?? (await sharedCluster(kubernetes));
    const folder = await mkdtemp(join(tmpdir(), "clawforce-test-"));
    const namespace = namespaceOf(folder);
    await kubectl(cluster, ["create", "namespace", namespace]);
    await makeClaim(cluster, namespace, "clawforce-folders", join(folder, "claim.json"));
    await kubectl(cluster, ["apply", "--namespace", namespace, "--filename", deployerFile]);
    const kubeconfig = join(folder, "kubeconfig");
    await cluster.kubeconfigOf({ namespace, serviceAccount: "clawforce-deployer", file: kubeconfig });
    const { container, ...group } = groupOnKubernetes();
    const world = await World.create(images, {
      patience: true,
      ...options,
      group: { ...group, container, ...options.group },
      settings: (self) => ({
        platform: {
          kind: "kubernetes",
          namespace,
          kubeconfig,
          volumes: { size: "64 MiB" },
        },
        snapshots: {
          repositories: "/repositories",
          image: self.parts.images.tools,
          minimumFree: "100 MB",
          drill: { deadline: "120s", memory: "100 MB" },
        },
        ...options.settings?.(self),
      }),
    });
    return new ClusterWorld(world, { cluster, namespace, container }, folder);
  }

  async destroy(): Promise<void> {
    await this.allowAll();
    await this.world.destroy();
    await kubectl(this.cluster, ["delete", "namespace", this.namespace, "--wait=false"]);
    await rm(this.#folder, { recursive: true, force: true });
  }

  kubectl(...argv: string[]): Promise<string> {
    return kubectl(this.cluster, ["--namespace", this.namespace, ...argv]);
  }

  /** Writes each state of all objects of a kind to a file, until it is ended. */
  async watchTo(file: string, kind: string): Promise<{ end(): Promise<void> }> {
    const to = await open(file, "w", 0o600);
    const argv = [`--kubeconfig=${this.cluster.kubeconfig}`, "--namespace", this.namespace];
    const child = spawn(this.cluster.kubectl, [...argv, "get", kind, "--watch", "--output=json"], {
      stdio: ["ignore", to.fd, "ignore"],
    });
    const ended = new Promise((resolve) => child.once("close", resolve));
    return {
      end: async () => {
        child.kill();
        await ended;
        await to.close();
      },
    };
  }

  /** By another client than ours. */
  async identity(name: string): Promise<PodIdentity> {
    const { metadata, status } = await this.#podOf(name);
    return {
      uid: metadata.uid,
      startedAt: status.startTime,
      restarts: status.containerStatuses[0]?.restartCount ?? -1,
    };
  }

  /** Asks a fixture from inside of its pod, by another client than ours. */
  async ask(name: string, path: string, asked: Asked = {}): Promise<{ status: number; body: unknown }> {
    return answerIn({ output: await this.kubectl("exec", `${name}-0`, "--", ...askArgv(path, asked)) });
  }

  /** The image that its pod has, as the API says. */
  async imageOf(name: string): Promise<string> {
    return (await this.#podOf(name)).spec.containers[0]?.image ?? "";
  }

  /** The one pod of a workload, whatever it is called. */
  async #podOf(name: string): Promise<LivePod> {
    const argv = ["get", "pods", `--selector=clawforce.io/workload=${name}`, "--output=json"];
    const { items } = JSON.parse(await this.kubectl(...argv)) as { items: LivePod[] };
    const [pod, ...others] = items;
    if (pod === undefined || others.length > 0) throw new Error(`${name} has ${items.length} pods`);
    return pod;
  }

  /** Takes verbs on a resource away from the deployer, or gives them back. */
  async limitRights(resource: string, verbs: readonly string[]): Promise<void> {
    const role = JSON.parse(await this.kubectl("get", "role", "clawforce-deployer", "--output=json")) as {
      rules: { resources: string[]; verbs: string[] }[];
    };
    const index = role.rules.findIndex(({ resources }) => resources.includes(resource));
    const patch = [{ op: "replace", path: `/rules/${index}/verbs`, value: verbs }];
    await this.kubectl(
      "patch",
      "role",
      "clawforce-deployer",
      "--type=json",
      `--patch=${JSON.stringify(patch)}`,
    );
  }

  /** Makes the API server refuse each change of a stateful set to this image, and no other. */
  async refuseImage(image: string): Promise<void> {
    const name = `refuse-${this.namespace}`;
    const match = { matchLabels: { "kubernetes.io/metadata.name": this.namespace } };
    const rules = [
      { apiGroups: ["apps"], apiVersions: ["v1"], operations: ["UPDATE"], resources: ["statefulsets"] },
    ];
    const list = [
      {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "ValidatingAdmissionPolicy",
        metadata: { name },
        spec: {
          failurePolicy: "Fail",
          matchConstraints: { namespaceSelector: match, resourceRules: rules },
          validations: [
            {
              expression: `object.spec.template.spec.containers[0].image != "${image}"`,
              message: "this image is refused here",
            },
          ],
        },
      },
      {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "ValidatingAdmissionPolicyBinding",
        metadata: { name },
        spec: { policyName: name, validationActions: ["Deny"] },
      },
    ];
    const file = join(this.#folder, "refuse.json");
    await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: list }));
    await kubectl(this.cluster, ["apply", "--filename", file]);
    await until("the image is refused", async () => {
      const patch = { spec: { template: { spec: { containers: [{ name: "workload", image }] } } } };
      const argv = ["patch", "statefulset", this.world.instances[1] ?? "", "--dry-run=server"];
      return this.kubectl(...argv, `--patch=${JSON.stringify(patch)}`).then(
        () => false,
        (error) => String(error).includes("this image is refused here"),
      );
    });
  }

  async allowAll(): Promise<void> {
    const name = `refuse-${this.namespace}`;
    for (const kind of ["validatingadmissionpolicybinding", "validatingadmissionpolicy"]) {
      await kubectl(this.cluster, ["delete", kind, name, "--ignore-not-found"]);
    }
  }

  replicasOf(name: string): Promise<string> {
    return this.kubectl("get", "statefulset", name, "--output=jsonpath={.spec.replicas}");
  }
}

function groupOnKubernetes(): { container: Record<string, unknown> } & Record<string, unknown> {
  const { container, ...group } = fixtureGroup("", true) as { container: { health: object } };
  const { command: _, ...health } = container.health as { command?: unknown };
  return {
    ...group,
    container: { user: "1000:1000", health: { ...health, interval: "1s", path: "/healthz" } },
  };
}

async function makeClaim(cluster: Cluster, namespace: string, name: string, file: string): Promise<void> {
  await writeFile(
    file,
    JSON.stringify({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    }),
  );
  await kubectl(cluster, ["create", "--namespace", namespace, "--filename", file]);
}
