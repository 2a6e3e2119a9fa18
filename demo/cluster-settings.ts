import { join } from "node:path";
import { hostOf, modelServerName } from "./settings.ts";

export const clusterStack = "clawforce-cluster";
export const namespace = "clawforce-demo";
/** A canary and two others. */
export const clusterInstances = ["demo-1", "demo-2", "demo-3"] as const;
export const proxyName = "demo-ingress";
/** Port of the proxy's Service. */
export const proxyPort = 80;
/** Name of the agent image. */
export const clusterImage = "openclaw";

export interface ClusterDemoParts {
  /** Of the deployer, with the rights that are shipped. */
  kubeconfig: string;
  /** Folder of the demo, outside the work tree. */
  folder: string;
  stable: string;
  tools: string;
  proxy: string;
}

/** Three gateways behind one proxy, with OpenClaw's defaults; waves of one and all. */
export function clusterSettings({
  kubeconfig,
  folder,
  stable,
  tools,
  proxy,
}: ClusterDemoParts): Record<string, unknown> {
  return {
    "clawforce:environment": "staging",
    "clawforce:window": "runtime",
    "clawforce:change": { owner: "the demo", ticket: "DEMO-2", changelogReviewed: true },
    "clawforce:onFailure": "rollback",
    "clawforce:platform": { kind: "kubernetes", namespace, kubeconfig, volumes: { size: "1 GiB" } },
    "clawforce:ingress": { name: proxyName, image: proxy, publish: { port: proxyPort } },
    "clawforce:agentImages": { [clusterImage]: { stable } },
    "clawforce:instanceGroups": {
      demo: {
        agentImage: clusterImage,
        instances: clusterInstances.map((name) => ({ name, hosts: [hostOf(name)] })),
        waves: [1, "100%"],
        wave: 0,
        container: {
          user: "1000:1000",
          environment: { OPENCLAW_DISABLE_BONJOUR: "1" },
          health: { interval: "5s", wait: "5m" },
        },
        drain: { budget: "5s" },
        verification: [
          { kind: "version" },
          { kind: "http", path: "/readyz", body: { ready: true } },
          { kind: "conversation", deadline: "90s", interval: "30s", output: "pong", asBefore: true },
          { kind: "unchanged", what: ["sessions"] },
          { kind: "logs", appear: ["\\[gateway\\] ready"], absent: ["Gateway failed to start"] },
        ],
      },
    },
    "clawforce:snapshots": {
      ...{ repositories: "/repositories", image: tools },
      drill: { deadline: "10m", memory: "1500 MB", cpus: 2 },
    },
    "clawforce:rehearsal": { deadline: "10m" },
    "clawforce:evidence": {
      directory: join(folder, "evidence"),
      signingKey: join(folder, "evidence-key.pem"),
    },
  };
}

/** What stands in the namespace before the stack: the claim for its folders, and a stand-in of a model provider. */
export function surroundings(smallImage: string, modelServerProgram: string): object {
  const labels = { app: modelServerName };
  const storage = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "5Gi" } } };
  const container = {
    name: "model",
    image: smallImage,
    command: ["node", "--input-type=module", "-e", modelServerProgram.split("$").join("$$")],
    ports: [{ containerPort: 8080 }],
  };
  const items = [
    {
      ...{ apiVersion: "v1", kind: "PersistentVolumeClaim" },
      ...{ metadata: { name: "clawforce-folders" }, spec: storage },
    },
    {
      ...{ apiVersion: "v1", kind: "Pod" },
      metadata: { name: modelServerName, labels },
      spec: { containers: [container] },
    },
    {
      ...{ apiVersion: "v1", kind: "Service", metadata: { name: modelServerName } },
      spec: { selector: labels, ports: [{ port: 8080 }] },
    },
  ];
  return { apiVersion: "v1", kind: "List", items };
}
