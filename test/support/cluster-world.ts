import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cluster } from "../../toolchain/kubernetes/cluster.ts";
import type { KubernetesParts } from "../../toolchain/set-up.ts";
import { kubectl, sharedCluster } from "./cluster.ts";
import { World, type WorldOptions } from "./world.ts";
import { type AgentImages, fixtureGroup } from "./world-settings.ts";

/** What must not change in a unit that is not touched. */
export interface PodIdentity {
  uid: string;
  startedAt: string;
  restarts: number;
}

/** One stack in a namespace of its own, on the cluster of this run. */
export class ClusterWorld {
  readonly world: World;
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly #folder: string;

  private constructor(world: World, cluster: Cluster, namespace: string, folder: string) {
    this.world = world;
    this.cluster = cluster;
    this.namespace = namespace;
    this.#folder = folder;
  }

  /** @param options - see `World`; its settings are added to those of a stack on Kubernetes. */
  static async create(
    kubernetes: KubernetesParts,
    images: AgentImages,
    options: WorldOptions = {},
  ): Promise<ClusterWorld> {
    const cluster = await sharedCluster(kubernetes);
    const folder = await mkdtemp(join(tmpdir(), "clawforce-test-"));
    const namespace = `n${folder
      .slice(-6)
      .toLowerCase()
      .replace(/[^a-z0-9]/g, "x")}`;
    await kubectl(cluster, ["create", "namespace", namespace]);
    await makeClaim(cluster, namespace, "clawforce-folders", join(folder, "claim.json"));
    const world = await World.create(images, {
      patience: true,
      ...options,
      group: { ...groupOnKubernetes(), ...options.group },
      settings: (self) => ({
        platform: {
          kind: "kubernetes",
          namespace,
          kubeconfig: cluster.kubeconfig,
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
    return new ClusterWorld(world, cluster, namespace, folder);
  }

  async destroy(): Promise<void> {
    await this.world.destroy();
    await kubectl(this.cluster, ["delete", "namespace", this.namespace, "--wait=false"]);
    await rm(this.#folder, { recursive: true, force: true });
  }

  kubectl(...argv: string[]): Promise<string> {
    return kubectl(this.cluster, ["--namespace", this.namespace, ...argv]);
  }

  /** By another client than ours. */
  async identity(name: string): Promise<PodIdentity> {
    const pod = JSON.parse(await this.kubectl("get", "pod", `${name}-0`, "--output=json")) as {
      metadata: { uid: string };
      status: { startTime: string; containerStatuses: { restartCount: number }[] };
    };
    const { metadata, status } = pod;
    return {
      uid: metadata.uid,
      startedAt: status.startTime,
      restarts: status.containerStatuses[0]?.restartCount ?? -1,
    };
  }

  /** The image that its pod has, as the API says. */
  imageOf(name: string): Promise<string> {
    return this.kubectl("get", "pod", `${name}-0`, "--output=jsonpath={.spec.containers[0].image}");
  }

  replicasOf(name: string): Promise<string> {
    return this.kubectl("get", "statefulset", name, "--output=jsonpath={.spec.replicas}");
  }
}

function groupOnKubernetes(): Record<string, unknown> {
  const { container, ...group } = fixtureGroup("", true) as { container: { health: object } };
  const { command: _, ...health } = container.health as { command?: unknown };
  return {
    ...group,
    container: { user: "1000:1000", health: { ...health, interval: "1s", path: "/healthz" } },
  };
}

async function makeClaim(cluster: Cluster, namespace: string, name: string, file: string): Promise<void> {
  const { writeFile } = await import("node:fs/promises");
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
