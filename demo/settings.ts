import { join } from "node:path";

/** The containers are called like this, and nothing else on the host may be. */
export const instances = ["demo-1", "demo-2", "demo-3", "demo-4"] as const;
export const controlPlaneName = "demo-control-plane";
export const ingressName = "demo-ingress";
/** An instance that the control plane makes: it must be as it was after the control plane's update. */
export const managedInstance = "bot-demo-managed";
/** Unmistakable: whatever carries this name in its label is removed by the next demo and by `npm run clean`. */
export const stackName = "clawforce-demo";
/** The stand-in of a model provider. */
export const modelServerName = "demo-model-server";
/** On what stands beside the fleet and is none of it: `npm run clean` removes it by this. */
export const partLabel = "clawforce-fleet.demo-part";
export const groupName = "demo";
export const networkName = "clawforce-demo";

export function volumeName(instance: string): string {
  return `clawforce-${instance}`;
}

/** The name under which the ingress serves a workload. */
export function hostOf(workload: string): string {
  return `${workload}.example.com`;
}

export interface DemoParts {
  /** Where Docker is reached. */
  dockerHost: string;
  /** Folder of the demo, outside the work tree. */
  folder: string;
  stable: string;
  tools: string;
  controlPlane: string;
  proxy: string;
  /** Port of this machine, on 127.0.0.1, that the ingress listens on. */
  ingressPort: number;
}

/** One control plane and four gateways behind one ingress, with OpenClaw's defaults; waves of one, two and all. */
export function demoSettings(parts: DemoParts): Record<string, unknown> {
  const { dockerHost, folder, stable, tools, proxy, ingressPort } = parts;
  return {
    "clawforce:environment": "staging",
    "clawforce:window": "runtime",
    "clawforce:change": { owner: "the demo", ticket: "DEMO-1", changelogReviewed: true },
    "clawforce:onFailure": "rollback",
    "clawforce:platform": { kind: "docker", host: dockerHost },
    "clawforce:ingress": { name: ingressName, image: proxy, publish: { port: ingressPort } },
    "clawforce:controlPlane": controlPlaneSettings(parts),
    "clawforce:agentImages": { openclaw: { stable } },
    "clawforce:instanceGroups": {
      [groupName]: {
        agentImage: "openclaw",
        instances: instances.map((name) => ({ name, volume: volumeName(name), hosts: [hostOf(name)] })),
        // The canary, a quarter of the group more, then all of it.
        waves: [1, "50%", "100%"],
        wave: 0,
        bake: { length: "6s", interval: "3s", requests: 20 },
        container: {
          network: networkName,
          environment: { OPENCLAW_DISABLE_BONJOUR: "1" },
          // Each look starts a Node.js, on a machine that starts a gateway and answers a stream meanwhile.
          health: { interval: "10s", wait: "5m" },
        },
        drain: { budget: "5s" },
        verification: [
          { kind: "version" },
          { kind: "http", path: "/readyz", body: { ready: true } },
          // A real flow: one turn of an agent, with the stand-in of a model. At the first start there is none yet.
          { kind: "conversation", deadline: "90s", interval: "30s", output: "pong", asBefore: true },
          { kind: "unchanged", what: ["sessions"] },
          { kind: "pins" },
          {
            kind: "logs",
            appear: ["\\[gateway\\] ready"],
            absent: ["Cannot find package", "Gateway failed to start"],
          },
        ],
      },
    },
    "clawforce:snapshots": {
      ...{ repositories: join(folder, "repositories"), image: tools },
      drill: { deadline: "10m", memory: "1500 MB", cpus: 2 },
    },
    "clawforce:rehearsal": { deadline: "10m" },
    "clawforce:evidence": {
      directory: join(folder, "evidence"),
      signingKey: join(folder, "evidence-key.pem"),
    },
  };
}

function controlPlaneSettings({ controlPlane, dockerHost }: DemoParts): Record<string, unknown> {
  const health =
    "fetch('http://127.0.0.1:8000/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))";
  return {
    name: controlPlaneName,
    image: controlPlane,
    data: { volume: volumeName(controlPlaneName) },
    hosts: [hostOf(controlPlaneName)],
    defaultAgentImage: "openclaw",
    account: { passwordVariable: "STAND_IN_ADMIN_PASSWORD" },
    container: {
      network: networkName,
      ...(dockerHost.startsWith("unix://") && { dockerSocket: new URL(dockerHost).pathname }),
      // STAND_IN_*: the stand-in's own, as the real image can't be had everywhere.
      environment: { STAND_IN_NETWORK: networkName, STAND_IN_PREFIX: stackName },
      health: { command: ["node", "-e", health] },
    },
    stopGrace: "10s",
    drain: { budget: "10s" },
  };
}

/** Brings the state of OpenClaw over to the version that runs it. */
export const doctorCommand = [
  "openclaw",
  "doctor",
  "--fix",
  "--non-interactive",
  "--no-workspace-suggestions",
];
