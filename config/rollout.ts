import type { AdoptConfig } from "./adopt-schema.ts";
import type { Check } from "./check-kind.ts";
import type { ContainerConfig } from "./container-schema.ts";
import type { Publish } from "./publish.ts";
import type { MigrationStep } from "./rehearsal-schema.ts";
import type {
  BakeConfig,
  ControlPlaneConfig,
  InstanceConfig,
  InstanceGroupConfig,
  StackConfig,
} from "./schema.ts";
import type { SecretPrints } from "./secret-values.ts";
import type { Track } from "./track.ts";

export type StateLocation = { volume: string } | { directory: string };

type Mounts = NonNullable<ContainerConfig["mounts"]>;

/** One workload as the configuration wants it, whichever track it is of. */
export interface WorkloadConfig {
  /** Of its container too, unless that has another one. */
  name: string;
  containerName?: string;
  track: Track;
  /** Its instance group; undefined for the control plane. */
  group?: string;
  role: "control-plane" | "canary" | "fleet";
  /** Index into the group's `waves` of the wave that takes this instance along; 0 for the control plane. */
  wave: number;
  /** The reference that it is to run. */
  image: string;
  /** Its container is made by the running control plane. */
  managed: boolean;
  state: StateLocation;
  /** What belongs to its state and stands elsewhere. */
  backups?: StateLocation & { path: string };
  container: ContainerConfig;
  publish?: Publish;
  /** Environment variable -> name of a secret, of this one alone: see `containerOf`. */
  secrets?: Record<string, string>;
  /** What this one alone sees: see `containerOf`. */
  mounts?: Mounts;
  /** Its names in each of its networks: see `containerOf`. */
  aliases?: readonly string[];
  /** Of the secrets that the stack has, where their values are known. */
  secretPrints?: SecretPrints;
  /** See `PlatformDeclaration`. */
  memoryMakesAnew?: true;
  hosts: readonly string[];
  drain: InstanceGroupConfig["drain"];
  /** Seconds between SIGTERM and SIGKILL. */
  stopGrace: number;
  gate: Check[];
  verification: Check[];
  bake?: BakeConfig;
  /** What a new version's image does to the stopped state before it starts. */
  migrate?: MigrationStep[];
  /** The snapshot that its state is set back to, and the name of that order; without a name as stack files of before have it. */
  restore?: { snapshot: string; order?: string };
  /** The container of somebody else's that it takes over from. */
  adopt?: AdoptConfig;
  /** What an operator changes to go back, for messages. */
  wayBack: string;
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
function imageAt(config: StackConfig, group: InstanceGroupConfig, index: number): string {
  const images = config.agentImages[group.agentImage];
  if (images === undefined) throw new Error(`No agent image is called "${group.agentImage}".`);
  const moved = waveCounts(group)[group.wave] ?? 0;
  return images.candidate !== undefined && index < moved ? images.candidate : images.stable;
}

/** All workloads in the order of their cut-overs: the control plane, then groups and instances as they are written. */
export function workloadsOf(config: StackConfig): WorkloadConfig[] {
  const { controlPlane, secretPrints, memoryMakesAnew } = config;
  const ofStack = { ...(secretPrints && { secretPrints }), ...(memoryMakesAnew && { memoryMakesAnew }) };
  return [
    ...(controlPlane === undefined ? [] : [controlPlaneWorkload(controlPlane)]),
    ...Object.entries(config.instanceGroups).flatMap(([group, groupConfig]) =>
      groupConfig.instances.map((_, index) => instanceWorkload(config, group, groupConfig, index)),
    ),
  ].map((workload) => ({ ...workload, ...ofStack }));
}

function controlPlaneWorkload(plane: ControlPlaneConfig): WorkloadConfig {
  const { name, image, data, backups, container, account, publish, migrate, restore, adopt } = plane;
  return {
    name,
    track: "control-plane",
    role: "control-plane",
    wave: 0,
    image,
    managed: false,
    state: locationOf(data),
    ...(backups !== undefined && { backups: { ...locationOf(backups), path: backups.path } }),
    container: {
      ...container,
      ...(account.passwordVariable !== undefined && { tokenVariable: account.passwordVariable }),
    },
    ...(publish !== undefined && { publish }),
    hosts: plane.hosts,
    drain: plane.drain,
    stopGrace: plane.stopGrace,
    gate: plane.gate,
    verification: plane.verification,
    ...(migrate !== undefined && { migrate }),
    ...(restore !== undefined && { restore }),
    ...(adopt !== undefined && { adopt }),
    wayBack:
      "set `clawforce:controlPlane.image` back to what it was (`fleet rollback --image control-plane` does) and run `pulumi up`: " +
      "the old version comes back, with its data when the new one has moved them.",
  };
}

function instanceWorkload(
  config: StackConfig,
  group: string,
  groupConfig: InstanceGroupConfig,
  index: number,
): WorkloadConfig {
  const instance = groupConfig.instances[index] as InstanceConfig;
  const counts = waveCounts(groupConfig);
  const wave = counts.findIndex((count) => index < count);
  const { agentImage, bake, container, drain, stopGrace, gate, verification, managed } = groupConfig;
  const image = imageAt(config, groupConfig, index);
  const migrate = config.agentImages[agentImage]?.migrate;
  return {
    name: instance.name,
    ...(instance.containerName !== undefined && { containerName: instance.containerName }),
    track: "runtime",
    group,
    role: wave === 0 ? "canary" : "fleet",
    wave: wave < 0 ? counts.length - 1 : wave,
    image,
    managed,
    state: locationOf({ ...instance, volume: volumeOf(instance) }),
    container,
    ...(instance.publish !== undefined && { publish: instance.publish }),
    ...(instance.secrets !== undefined && { secrets: instance.secrets }),
    ...(instance.mounts !== undefined && { mounts: instance.mounts }),
    ...(instance.aliases !== undefined && { aliases: instance.aliases }),
    hosts: instance.hosts ?? [],
    drain,
    stopGrace,
    gate,
    verification,
    ...(bake !== undefined && { bake }),
    ...(migrate !== undefined && !managed && { migrate }),
    ...(instance.restore !== undefined && { restore: instance.restore }),
    ...(instance.adopt !== undefined && { adopt: instance.adopt }),
    wayBack:
      `set \`clawforce:agentImages.${agentImage}\` and \`clawforce:instanceGroups.${group}\` back to what they ` +
      "were and run `pulumi up`: the old version comes back, with its state when the new one has moved it.",
  };
}

/** The name of a workload's container. */
export function containerNameOf({
  name,
  containerName,
}: Pick<WorkloadConfig, "name" | "containerName">): string {
  return containerName ?? name;
}

/** What a workload's container is made with: its group's part, and its own secrets, mounts and names before those. */
export function containerOf({
  container,
  secrets,
  mounts,
  aliases,
}: Pick<WorkloadConfig, "container" | "secrets" | "mounts" | "aliases">): ContainerConfig {
  return {
    ...container,
    ...(secrets !== undefined && { secrets: { ...container.secrets, ...secrets } }),
    ...(mounts !== undefined && { mounts: withOwnMounts(container.mounts ?? [], mounts) }),
    ...(aliases !== undefined && { networks: withOwnAliases(container, aliases) }),
  };
}

function withOwnMounts(shared: Mounts, own: Mounts): Mounts {
  const targets = new Set(own.map(({ target }) => target));
  return [...shared.filter(({ target }) => !targets.has(target)), ...own];
}

function withOwnAliases(
  { network, networks = [] }: ContainerConfig,
  own: readonly string[],
): NonNullable<ContainerConfig["networks"]> {
  const isNamed = networks.some(({ name }) => name === network);
  const all = isNamed ? networks : [{ name: network, existing: false, aliases: [] }, ...networks];
  return all.map(({ aliases, ...joined }) => ({ ...joined, aliases: [...new Set([...aliases, ...own])] }));
}

/** The volume's name, or the path of the directory. */
export function sourceOf(location: StateLocation): string {
  return "volume" in location ? location.volume : location.directory;
}

export function locationOf(place: {
  volume?: string | undefined;
  directory?: string | undefined;
}): StateLocation {
  return place.directory === undefined ? { volume: place.volume ?? "" } : { directory: place.directory };
}

/**
 * What the control plane gives to instances that are created from now on: the candidate once it has left the canaries
 * behind, else the stable one. Undefined when that is not for us to set.
 */
export function defaultImageOf(config: StackConfig): string | undefined {
  const name = config.controlPlane?.defaultAgentImage;
  const images = name === undefined ? undefined : config.agentImages[name];
  if (images === undefined) return undefined;
  const inFleet = Object.values(config.instanceGroups).some(
    ({ agentImage, wave }) => agentImage === name && wave > 0,
  );
  return images.candidate !== undefined && inFleet ? images.candidate : images.stable;
}

/** Where an instance keeps its state: its directory on the Docker host, or its volume (default `<name>-state`). */
export function volumeOf(instance: InstanceConfig): string {
  return instance.directory ?? instance.volume ?? `${instance.name}-state`;
}
