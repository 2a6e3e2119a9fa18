import { join } from "node:path";
import { faultSwitch } from "./fault-switch.ts";

/** The containers are called like this, and nothing else on the host may be. */
export const instances = ["demo-1", "demo-2", "demo-3"] as const;
/** Unmistakable: whatever carries this name in its label is removed by the next demo and by `npm run clean`. */
export const stackName = "clawforce-demo";
export const groupName = "demo";
export const networkName = "clawforce-demo";

export function volumeName(instance: string): string {
  return `clawforce-${instance}`;
}

export interface DemoParts {
  /** Where Docker is reached. */
  dockerHost: string;
  /** Folder of the demo, outside the work tree. */
  folder: string;
  stable: string;
  tools: string;
}

/** The demo's stack configuration: one instance a wave, OpenClaw's defaults, and one more check, the fault switch. */
export function demoSettings({ dockerHost, folder, stable, tools }: DemoParts): Record<string, unknown> {
  return {
    "clawforce:environment": "staging",
    "clawforce:window": "runtime",
    "clawforce:platform": { kind: "docker", host: dockerHost },
    "clawforce:agentImages": { openclaw: { stable } },
    "clawforce:instanceGroups": {
      [groupName]: {
        agentImage: "openclaw",
        instances: instances.map((name) => ({ name, volume: volumeName(name) })),
        waves: instances.map((_, index) => index + 1),
        wave: 0,
        container: { network: networkName },
        drain: { budget: "5s" },
        verification: [
          { kind: "version", argv: ["openclaw", "--version"] },
          { kind: "http", path: "/readyz", body: { ready: true } },
          {
            kind: "command",
            name: "health",
            argv: ["openclaw", "health", "--json"],
            output: '"ok":\\s*true',
            deadline: "60s",
          },
          {
            kind: "logs",
            appear: ["\\[gateway\\] ready"],
            absent: ["Cannot find package", "Gateway failed to start"],
          },
          faultSwitch,
        ],
      },
    },
    "clawforce:snapshots": { repositories: join(folder, "repositories"), image: tools },
    "clawforce:evidence": { directory: join(folder, "evidence") },
  };
}
