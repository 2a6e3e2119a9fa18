import type * as docker from "@pulumi/docker";
import type { ContainerConfig } from "../../config/container-schema.ts";
import { megabytes } from "./megabytes.ts";

type Args = Partial<docker.ContainerArgs>;

/** What a container has only where its configuration says so: without a key the input is not there either. */
export function optionArgs(container: ContainerConfig): Args {
  const { capabilities, devices, entrypoint, extraHosts, gpus, init, logging, networks } = container;
  const { cpus, platform, readOnly, restart, securityOptions, shmSize, stopSignal, ulimits } = container;
  return {
    ...(entrypoint && { entrypoints: entrypoint }),
    ...(container.workingDirectory !== undefined && { workingDir: container.workingDirectory }),
    ...(container.mounts && { mounts: container.mounts.map(mountArgs) }),
    ...(container.networkMode !== undefined && { networkMode: container.networkMode }),
    ...(networks && { networksAdvanced: networkArgs(container.network, networks) }),
    ...(extraHosts && { hosts: Object.entries(extraHosts).map(([host, ip]) => ({ host, ip })) }),
    ...(shmSize !== undefined && { shmSize: megabytes(shmSize) }),
    ...(cpus !== undefined && { cpus: String(cpus) }),
    ...(ulimits && { ulimits: Object.entries(ulimits).map(([name, limit]) => ({ name, ...limit })) }),
    ...(devices && { devices: devices.map(deviceArgs) }),
    ...(gpus !== undefined && { gpus }),
    ...(capabilities && { capabilities: { adds: capabilities.add, drops: capabilities.drop } }),
    ...(securityOptions && { securityOpts: securityOptions }),
    ...(readOnly !== undefined && { readOnly }),
    ...(logging && { logDriver: logging.driver, logOpts: logging.options }),
    ...(restart !== undefined && { restart }),
    ...(init !== undefined && { init }),
    ...(stopSignal !== undefined && { stopSignal }),
    ...(platform !== undefined && { platform }),
  };
}

/** Those inputs of the provider that `optionArgs` can give. */
export const optionInputs = [
  ...["entrypoints", "workingDir", "mounts", "hosts", "shmSize", "cpus", "ulimits", "devices", "gpus"],
  ...["capabilities", "securityOpts", "readOnly", "logDriver", "logOpts", "stopSignal", "platform"],
  "networkMode",
] as const satisfies readonly (keyof docker.ContainerArgs)[];

export function labelArgs({ labels = {} }: ContainerConfig): docker.types.input.ContainerLabel[] {
  return Object.entries(labels).map(([label, value]) => ({ label, value }));
}

/** Ports beside the one that `publish` names. */
export function portArgs({ ports = [] }: ContainerConfig): docker.types.input.ContainerPort[] {
  return ports.map(({ container, host, address, protocol }) => ({
    internal: container,
    external: host,
    ip: address,
    // The provider's own default: written out it would be a difference for ever.
    ...(protocol !== "tcp" && { protocol }),
  }));
}

type Mount = NonNullable<ContainerConfig["mounts"]>[number];

function mountArgs(mount: Mount): docker.types.input.ContainerMount {
  if (mount.kind !== "tmpfs") {
    const { kind: type, source, target, readOnly } = mount;
    return { type, source, target, readOnly };
  }
  const { kind: type, target, size } = mount;
  return { type, target, ...(size !== undefined && { tmpfsOptions: { sizeBytes: size } }) };
}

type Networks = NonNullable<ContainerConfig["networks"]>;

function networkArgs(first: string, others: Networks): docker.types.input.ContainerNetworksAdvanced[] {
  const named = others.some(({ name }) => name === first);
  const all = named ? others : [{ name: first, aliases: [] }, ...others];
  return all.map(({ name, aliases }) => ({ name, ...(aliases.length > 0 && { aliases }) }));
}

function deviceArgs({
  host,
  container,
  permissions,
}: NonNullable<ContainerConfig["devices"]>[number]): docker.types.input.ContainerDevice {
  return { hostPath: host, containerPath: container ?? host, permissions };
}
