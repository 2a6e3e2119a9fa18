import { join } from "node:path";

/** Unmistakable: whatever carries this name in its label is removed by the next demo and by `npm run clean`. */
export const existingStack = "clawforce-existing";
/** On all that stands for what somebody else has made. */
export const existingLabel = "clawforce-fleet.demo";
export const composeProject = "demo-existing";
export const existingNetwork = "demo-existing_default";

export interface ExistingGateway {
  /** Of its container. */
  name: string;
  /** A volume of its own; else it has a folder of the host. */
  volume?: string;
  compose: boolean;
}

/** Three of a Compose project, of which one has its state in a folder, and one that was started by hand. */
export const existingGateways: readonly ExistingGateway[] = [
  { name: "demo-existing-gateway-1", volume: "demo-existing_one", compose: true },
  { name: "demo-existing-gateway-2", volume: "demo-existing_two", compose: true },
  { name: "demo-existing-gateway-3", compose: true },
  { name: "demo-existing-by-hand", volume: "demo-existing-by-hand", compose: false },
];

/** Of a gateway whose state is in a folder of the host. */
export function stateFolder(folder: string, name: string): string {
  return join(folder, "states", name);
}

/** What a stack file has before its first gateway. */
export function existingSettings({
  dockerHost,
  folder,
  tools,
}: {
  dockerHost: string;
  folder: string;
  tools: string;
}): Record<string, unknown> {
  return {
    "clawforce:environment": "staging",
    "clawforce:window": "runtime",
    "clawforce:platform": { kind: "docker", host: dockerHost },
    "clawforce:agentImages": {},
    "clawforce:instanceGroups": {},
    "clawforce:snapshots": { repositories: join(folder, "repositories"), image: tools },
    "clawforce:evidence": {
      directory: join(folder, "evidence"),
      signingKey: join(folder, "evidence-key.pem"),
    },
  };
}
