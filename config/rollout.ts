import type { InstanceConfig, InstanceGroupConfig, StackConfig } from "./schema.ts";

/** One gateway as the configuration wants it. */
export interface WorkloadConfig {
  group: string;
  groupConfig: InstanceGroupConfig;
  instance: InstanceConfig;
  /** The reference that this instance is to run. */
  image: string;
  /** Index into the group's `waves` of the wave that takes this instance along. */
  wave: number;
  role: "canary" | "fleet";
}

/** For each wave how many instances, from the first on, run the candidate once that wave has come. */
export function waveCounts(group: Pick<InstanceGroupConfig, "instances" | "waves">): number[] {
  const total = group.instances.length;
  let reached = 0;
  return group.waves.map((wave) => {
    reached = Math.max(reached, waveCount(wave, total));
    return reached;
  });
}

/** What one wave asks for: a share is rounded up, and no wave takes more than all. */
export function waveCount(wave: number | string, total: number): number {
  const count = typeof wave === "number" ? wave : Math.ceil((Number.parseInt(wave, 10) * total) / 100);
  return Math.min(total, count);
}

/** The reference that an instance is to run: the candidate up to the group's wave, else the stable one. */
export function imageOf(config: StackConfig, groupName: string, instanceName: string): string {
  const group = config.instanceGroups[groupName];
  if (group === undefined) throw new Error(`No instance group is called "${groupName}".`);
  const index = group.instances.findIndex((instance) => instance.name === instanceName);
  if (index < 0) throw new Error(`The instance group "${groupName}" has no instance "${instanceName}".`);
  return imageAt(config, group, index);
}

function imageAt(config: StackConfig, group: InstanceGroupConfig, index: number): string {
  const images = config.agentImages[group.agentImage];
  if (images === undefined) throw new Error(`No agent image is called "${group.agentImage}".`);
  const moved = waveCounts(group)[group.wave] ?? 0;
  return images.candidate !== undefined && index < moved ? images.candidate : images.stable;
}

/** All workloads in the order of the configuration: groups in theirs, instances in theirs. */
export function workloadsOf(config: StackConfig): WorkloadConfig[] {
  return Object.entries(config.instanceGroups).flatMap(([group, groupConfig]) => {
    const counts = waveCounts(groupConfig);
    return groupConfig.instances.map((instance, index) => {
      const wave = counts.findIndex((count) => index < count);
      return {
        group,
        groupConfig,
        instance,
        image: imageAt(config, groupConfig, index),
        wave: wave < 0 ? counts.length - 1 : wave,
        role: wave === 0 ? "canary" : "fleet",
      };
    });
  });
}

/** Where an instance keeps its state: its directory on the Docker host, or its volume (default `<name>-state`). */
export function volumeOf(instance: InstanceConfig): string {
  return instance.directory ?? instance.volume ?? `${instance.name}-state`;
}
