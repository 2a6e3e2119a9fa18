import { networkOwner } from "../../config/network-mode.ts";
import { containerNameOf, type WorkloadConfig, workloadsOf } from "../../config/rollout.ts";
import type { StackConfig } from "../../config/schema.ts";
import { standingBeside } from "../../lifecycle/update/network-owner.ts";
import type { Platform } from "../../platforms/platform.ts";
import type { Examination, Finding } from "./examination.ts";
import { notAsked } from "./examination.ts";

/** What is the stack's own to make. */
function ownWorkloads(config: StackConfig): WorkloadConfig[] {
  return workloadsOf(config).filter(({ managed }) => !managed);
}

export const logs: Examination = {
  name: "logs",
  look: async ({ config, platform }) => {
    if (config === undefined || platform === undefined) return notAsked;
    const endless: string[] = [];
    for (const workload of ownWorkloads(config)) {
      // A host that does not answer is a finding of its own.
      const unit = await platform.unit(containerNameOf(workload)).catch(() => undefined);
      if (unit?.endlessLog && workload.container.logging === undefined) endless.push(workload.name);
    }
    if (endless.length === 0) return notAsked;
    return [
      {
        advice: `The ${endless.length === 1 ? "log" : "logs"} of ${endless.join(", ")} ${endless.length === 1 ? "grows" : "grow"} without rotation until the disk of ${platform.words.place} is full.`,
        remedy:
          'Write `logging: {options: {max-size: 50m, max-file: "3"}}` under `container`. It goes to the canary first.',
      },
    ];
  },
};

export const sharedNetworks: Examination = {
  name: "network",
  look: async ({ config, platform }) => {
    if (config === undefined || platform === undefined) return notAsked;
    const all = ownWorkloads(config).map((workload) => networkFinding(platform, workload));
    return (await Promise.all(all)).flat();
  },
};

async function networkFinding(platform: Platform, workload: WorkloadConfig): Promise<Finding[]> {
  const { name } = workload;
  const owner = networkOwner(workload.container.networkMode);
  if (owner === undefined) return [];
  const { unit, names } = await standingBeside(platform, owner, containerNameOf(workload));
  if (unit?.running !== true) {
    return [
      {
        problem: `${name} is to have the network of ${owner}, which does not run.`,
        remedy: `docker start ${owner}, on the Docker host`,
      },
    ];
  }
  return [{ well: `${name} has the network of ${names.join(", ")}` }];
}
