import { isDeepStrictEqual } from "node:util";
import type { ContainerConfig } from "../../config/container-schema.ts";
import { healthCommand } from "../../config/health-command.ts";
import { usualRehearsal } from "../../config/rehearsal-schema.ts";
import { containerNameOf, containerOf, locationOf, type WorkloadConfig } from "../../config/rollout.ts";
import type { ControlPlaneConfig, StackConfig } from "../../config/schema.ts";
import { furtherPlaces } from "../../config/state-places.ts";
import type { StartSettings } from "../../platforms/platform.ts";
import type { EvidenceKeySettings } from "../evidence/keys.ts";
import type { ControlPlaneAccess, Workload } from "../workload.ts";

/** Only what the configuration says: the programs' input, and so the engine's state, stays the same without it. */
export function placeOf({ platform, environment }: StackConfig): Pick<Workload, "platform" | "rehearsal"> {
  return {
    platform,
    ...(environment !== "production" && { rehearsal: true as const }),
  };
}

export function placeOfRecords(config: StackConfig, stack: string) {
  return { stack, evidenceDirectory: config.evidence.directory, evidenceKeys: keySettings(config) };
}

export function workloadInput(config: StackConfig, stack: string, workload: WorkloadConfig): Workload {
  const { name } = workload;
  const container = containerOf(workload);
  const further = workload.managed ? [] : furtherPlaces(container);
  const ingress = ingressOf(config, workload);
  return {
    ...placeOfRecords(config, stack),
    name,
    track: workload.track,
    ...(workload.group !== undefined && { group: workload.group }),
    ...placeOf(config),
    container: containerNameOf(workload),
    image: workload.image,
    startedWith: startSettingsOf(container),
    state: workload.state,
    mount: container.stateDirectory,
    ...(further.length > 0 && { furtherPlaces: further }),
    ...(workload.backups !== undefined && { backups: workload.backups }),
    port: container.port,
    healthWait: container.health.wait,
    ...(container.tokenVariable !== undefined && { tokenVariable: container.tokenVariable }),
    ...(ingress !== undefined && { ingress }),
    drain: workload.drain,
    stopGrace: workload.stopGrace,
    maintenance: config.maintenance.length,
    deadlines: config.deadlines,
    snapshots: config.snapshots,
    // Only what is not the default: a stack from before there was any of this keeps its programs' input.
    ...(!isDeepStrictEqual(config.rehearsal, usualRehearsal) && { rehearse: config.rehearsal }),
    ...(workload.migrate !== undefined && { migrate: workload.migrate }),
    gate: workload.gate,
    verification: workload.verification,
    wayBack: workload.wayBack,
    ...(config.controlPlane !== undefined && {
      controlPlane: accessTo(config.controlPlane, statePathsOf(config)),
    }),
    ...(workload.managed && { managed: true as const }),
    ...(workload.adopt !== undefined && { adopts: workload.adopt.container }),
  };
}

export function startSettingsOf(container: ContainerConfig): StartSettings {
  const { entrypoint, command, user, workingDirectory, mounts, environment, memory, health } = container;
  const { interval, timeout, retries, startPeriod } = health;
  return {
    ...(entrypoint !== undefined && { entrypoint }),
    ...(command !== undefined && { command }),
    ...(user !== undefined && { user }),
    ...(workingDirectory !== undefined && { workingDirectory }),
    ...(mounts !== undefined && { mounts }),
    environment,
    ...(memory !== undefined && { memory }),
    health: { command: healthCommand(container), interval, timeout, retries, startPeriod },
  };
}

function ingressOf({ ingress }: StackConfig, { hosts, container }: WorkloadConfig): Workload["ingress"] {
  if (ingress === undefined || hosts.length === 0) {
    return undefined;
  }
  const { name, hold, drain } = ingress;
  return { container: name, hosts: [...hosts], hold, drain, healthPath: container.health.path };
}

function accessTo(plane: ControlPlaneConfig, statePaths: Record<string, string>): ControlPlaneAccess {
  const { name, container, account, deadline, data, database, setImage, defaultImageSettings } = plane;
  return {
    container: name,
    port: container.port,
    username: account.username,
    deadline,
    data: locationOf(data),
    database,
    statePaths,
    setImage,
    ...(defaultImageSettings !== undefined && { defaultImageSettings }),
  };
}

function statePathsOf({ instanceGroups }: StackConfig): Record<string, string> {
  return Object.fromEntries(
    Object.values(instanceGroups)
      .filter(({ managed }) => managed)
      .flatMap(({ instances, container }) => instances.map(({ name }) => [name, container.stateDirectory])),
  );
}

export function keySettings({ evidence }: StackConfig): EvidenceKeySettings {
  const { signingKey, trustedKeys } = evidence;
  return { trustedKeys, ...(signingKey !== undefined && { signingKey }) };
}
