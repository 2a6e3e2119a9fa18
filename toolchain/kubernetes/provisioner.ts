import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiClient } from "./api-client.ts";
import { inside, nodeName, placesIn } from "./places.ts";

/** Name of the storage class, and of whoever makes its volumes. */
const storageClass = "folders";
const provisioner = "clawforce.io/folders";

const lookMs = 300;

interface Claim {
  metadata: { name: string; namespace: string; uid: string };
  spec: { storageClassName?: string; accessModes: string[]; resources: { requests: { storage: string } } };
  status: { phase: string };
}

interface Volume {
  metadata: { name: string };
  spec: { storageClassName?: string };
  status: { phase: string };
}

/**
 * Makes a volume for each claim of the cluster's usual storage class: a folder of the cluster's state. A volume goes with its
 * claim, as elsewhere.
 */
export class Provisioner {
  readonly #api: ApiClient;
  readonly #state: string;
  #ended = false;
  #work: Promise<void> = Promise.resolve();

  constructor(api: ApiClient, state: string) {
    this.#api = api;
    this.#state = state;
  }

  async start(): Promise<void> {
    const made = await this.#api.post("/apis/storage.k8s.io/v1/storageclasses", {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: {
        name: storageClass,
        annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
      },
      provisioner,
      volumeBindingMode: "Immediate",
      reclaimPolicy: "Delete",
    });
    if (made.status !== 201) throw new Error(`there is no storage class: ${JSON.stringify(made.body)}`);
    this.#work = this.#run();
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#work;
  }

  async #run(): Promise<void> {
    while (!this.#ended) {
      // An API server that does not answer is asked again: tests stop it.
      await this.#look().catch(() => {});
      await sleep(lookMs);
    }
  }

  async #look(): Promise<void> {
    const claims = await this.#list<Claim>("/api/v1/persistentvolumeclaims");
    for (const claim of claims) {
      const { spec, status } = claim;
      if (status.phase === "Pending" && spec.storageClassName === storageClass) await this.#provide(claim);
    }
    for (const { metadata, spec, status } of await this.#list<Volume>("/api/v1/persistentvolumes")) {
      const isOver = status.phase === "Released" || status.phase === "Failed";
      if (spec.storageClassName === storageClass && isOver) await this.#remove(metadata.name);
    }
  }

  async #list<Item>(path: string): Promise<Item[]> {
    const { status, body } = await this.#api.get(path);
    return status === 200 ? (body as { items: Item[] }).items : [];
  }

  async #provide({ metadata: { name, namespace, uid }, spec }: Claim): Promise<void> {
    const volume = `folder-${uid}`;
    mkdirSync(join(placesIn(this.#state).volumes, volume), { recursive: true, mode: 0o755 });
    // Asked for again until the claim is bound: it is there then.
    await this.#api.post("/api/v1/persistentvolumes", {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: volume },
      spec: {
        storageClassName: storageClass,
        capacity: spec.resources.requests,
        accessModes: spec.accessModes,
        persistentVolumeReclaimPolicy: "Retain",
        claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", name, namespace, uid },
        local: { path: join(placesIn(inside.state).volumes, volume) },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [nodeName] }] },
            ],
          },
        },
      },
    });
  }

  async #remove(volume: string): Promise<void> {
    const { status } = await this.#api.delete(`/api/v1/persistentvolumes/${volume}`);
    if (status === 200) rmSync(join(placesIn(this.#state).volumes, volume), { recursive: true, force: true });
  }
}
