import { posix } from "node:path";
import type Docker from "dockerode";
import type { Publish } from "../../config/publish.ts";
import { formatDuration } from "../../config/units.ts";
import { splitVariable } from "../../config/variable.ts";
import { isSecretName, secretNameOf } from "../adopted-secrets.ts";
import { type AdoptedSettings, usual } from "../adoption.ts";
import type { Loss } from "../displaced.ts";
import { hasOwnNetwork, networksOf } from "./adopted-networks.ts";
import { isWithin } from "./mount-table.ts";

export type Inspected = Docker.ContainerInspectInfo;
export type InspectedImage = Pick<Docker.ImageInspectInfo, "RepoDigests"> & {
  Config: Partial<Docker.ImageInspectInfo["Config"]>;
};

/** An image may have been removed while its container goes on. */
export const goneImage: InspectedImage = { RepoDigests: [], Config: {} };

export interface AdoptionQuestion {
  stateDirectory: string;
  port: number;
  /** Where single files are mounted: see single-files.ts. Only folders and volumes can be state. */
  files?: ReadonlySet<string>;
  /** What a new container has of it if nothing is written; default: a gateway's. */
  usual?: { stateDirectory: string; port: number };
}

const usualShmSize = 64 * 1024 * 1024;

export function adoptedSettings(
  found: Inspected,
  image: InspectedImage,
  asked: AdoptionQuestion,
): AdoptedSettings {
  const { Config, HostConfig } = found;
  const own = environmentOf(found, image);
  // Docker keeps the bindings of a container without a network of its own, and heeds none of them.
  const { aliases, ...networks } = networksOf(found);
  const bindings = hasOwnNetwork(HostConfig.NetworkMode) ? HostConfig.PortBindings : {};
  const { publish, ports } = portsOf(bindings ?? {}, asked.port);
  const stopTimeout = (Config as { StopTimeout?: number }).StopTimeout;
  const mounts = stateMountsOf(found, asked).map((mount) => ({ ...linesOf(mount), state: true as const }));
  return {
    ...(publish !== undefined && { publish }),
    ...(mounts.length > 0 && { mounts }),
    ...(aliases !== undefined && { aliases }),
    settings: {
      ...other("stateDirectory", asked.stateDirectory, (asked.usual ?? usual).stateDirectory),
      ...other("port", asked.port, (asked.usual ?? usual).port),
      ...listed("entrypoint", Config.Entrypoint, image.Config.Entrypoint),
      ...listed("command", Config.Cmd, image.Config.Cmd),
      ...other("user", Config.User, image.Config.User ?? ""),
      ...other("workingDirectory", Config.WorkingDir, image.Config.WorkingDir ?? ""),
      ...other("stopSignal", stopSignalOf(Config), stopSignalOf(image.Config)),
      ...filled("environment", own.plain),
      ...filled("secrets", own.secrets),
      ...networks,
      ...(ports.length > 0 && { ports }),
      ...filled("mounts", mountsOf(found, asked)),
      ...limitsOf(HostConfig),
      ...rightsOf(HostConfig),
      ...filled("labels", labelsOf(Config.Labels ?? {}, image.Config.Labels ?? {})),
      ...loggingOf(HostConfig.LogConfig),
      ...healthOf(Config as WithHealth, image.Config as WithHealth),
      ...filled("options", optionsOf(HostConfig)),
    },
    secrets: own.secrets,
    hasToken: own.hasToken,
    ...(stopTimeout !== undefined && { stopGrace: `${stopTimeout}s` }),
    lost: lostOf(found, asked),
  };
}

function other<T>(key: string, value: T | undefined, usualValue: T | undefined): Record<string, T> {
  return value === undefined || value === null || value === "" || value === usualValue
    ? {}
    : { [key]: value };
}

function listed(
  key: string,
  value: string | string[] | null | undefined,
  ofImage: string | string[] | null | undefined,
): Record<string, string[]> {
  const [own, usualOnes] = [value, ofImage].map((each) => (each ? [each].flat() : []));
  return own === undefined || own.length === 0 || JSON.stringify(own) === JSON.stringify(usualOnes)
    ? {}
    : { [key]: own };
}

function filled(key: string, value: object): Record<string, object> {
  return Object.keys(value).length === 0 ? {} : { [key]: value };
}

/** By its name alone: whoever adopts a gateway sees which ones were taken for secrets. */
function environmentOf({ Config }: Inspected, image: InspectedImage) {
  const ofImage = new Set(image.Config.Env ?? []);
  const plain: Record<string, string> = {};
  const secrets: Record<string, string> = {};
  let hasToken = false;
  for (const entry of Config.Env ?? []) {
    if (ofImage.has(entry)) continue;
    const [name, value] = splitVariable(entry);
    if (name === usual.tokenVariable) hasToken = true;
    else if (isSecretName(name) && value !== "") secrets[name] = secretNameOf(name);
    else plain[name] = value;
  }
  return { plain, secrets, hasToken };
}

/** By their names. */
export function variablesOf({ Config }: Pick<Inspected, "Config">): Record<string, string> {
  return Object.fromEntries((Config.Env ?? []).map(splitVariable));
}

function stopSignalOf(config: object): string | undefined {
  return (config as { StopSignal?: string }).StopSignal;
}

type PortBindings = Record<string, { HostIp?: string; HostPort?: string }[] | null>;

function portsOf(bindings: PortBindings, port: number) {
  let publish: Publish | undefined;
  const ports: object[] = [];
  for (const [inside, outside] of Object.entries(bindings)) {
    const [container = "", protocol = "tcp"] = inside.split("/");
    for (const { HostIp = "", HostPort = "" } of outside ?? []) {
      const host = Number(HostPort);
      const address = HostIp === "" ? "0.0.0.0" : HostIp;
      // Its own port belongs to each instance, so that those who differ in nothing else share a group.
      const isOwn = Number(container) === port && protocol === "tcp";
      if (isOwn && publish === undefined) publish = address === "127.0.0.1" ? host : `${address}:${host}`;
      else
        ports.push({
          ...{ container: Number(container), host, address },
          ...(protocol !== "tcp" && { protocol }),
        });
    }
  }
  return { publish, ports };
}

type Mount = Inspected["Mounts"][number];

function linesOf({ Type, Name = "", Source, Destination, RW }: Mount) {
  return {
    ...{ kind: Type, source: Type === "volume" ? Name : Source, target: Destination },
    ...(RW === false && { readOnly: true }),
  };
}

/** Where OpenClaw keeps what is a gateway's own beside its state: its OAuth key, and its agents' files. */
const usualPlaces = /\/(\.config\/openclaw|workspaces?|workspace-[^/]*)$/;

/** What the container writes to inside of its state, or where a gateway keeps what is its own, by another mount. */
function stateMountsOf({ Mounts }: Inspected, { stateDirectory, files }: AdoptionQuestion): Mount[] {
  const state = Mounts.find(({ Destination }) => Destination === stateDirectory);
  return Mounts.filter(
    (mount) =>
      mount.RW &&
      (mount.Type === "bind" || mount.Type === "volume") &&
      mount.Destination !== stateDirectory &&
      files?.has(mount.Destination) !== true &&
      (isWithin(mount.Destination, stateDirectory) || usualPlaces.test(mount.Destination)) &&
      !isUnnamed(mount.Destination, Mounts) &&
      !isPartOf(mount, state),
  );
}

function mountsOf(found: Inspected, asked: AdoptionQuestion): object[] {
  const { Mounts, HostConfig } = found;
  const own = new Set(stateMountsOf(found, asked));
  const real = Mounts.filter(
    (mount) =>
      !isWithin(mount.Destination, asked.stateDirectory) &&
      !isUnnamed(mount.Destination, Mounts) &&
      !own.has(mount),
  )
    .filter(({ Type }) => Type === "bind" || Type === "volume")
    .map(linesOf);
  const scratch = Object.entries(HostConfig.Tmpfs ?? {}).map(([target, options]) => {
    const size = /(?:^|,)size=(\d+)([kmg]?)(?:,|$)/i.exec(String(options));
    const unit = { "": "B", k: "KiB", m: "MiB", g: "GiB" }[size?.[2]?.toLowerCase() ?? ""];
    return { kind: "tmpfs", target, ...(size !== null && { size: `${size[1]} ${unit}` }) };
  });
  return [...real, ...scratch];
}

function isUnnamed(destination: string, mounts: Inspected["Mounts"]): boolean {
  const mount = mounts.find((each) => each.Destination === destination);
  return mount?.Type === "volume" && /^[0-9a-f]{64}$/.test(mount.Name ?? "");
}

function limitsOf(host: Inspected["HostConfig"]): Record<string, unknown> {
  const ulimits = Object.fromEntries(
    ((host.Ulimits ?? []) as { Name: string; Soft: number; Hard: number }[]).map(({ Name, Soft, Hard }) => [
      Name,
      { soft: Soft, hard: Hard },
    ]),
  );
  return {
    ...(host.Memory ? { memory: mebibytes(host.Memory) } : {}),
    ...(host.ShmSize && host.ShmSize !== usualShmSize ? { shmSize: mebibytes(host.ShmSize) } : {}),
    ...(host.NanoCpus ? { cpus: host.NanoCpus / 1e9 } : {}),
    ...filled("ulimits", ulimits),
  };
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 / 1024)} MiB`;
}

function rightsOf(host: Inspected["HostConfig"]): Record<string, unknown> {
  const devices = (host.Devices ?? []) as {
    PathOnHost: string;
    PathInContainer: string;
    CgroupPermissions: string;
  }[];
  const [add, drop] = [host.CapAdd, host.CapDrop].map((each) => (each ?? []) as string[]);
  const extraHosts = ((host.ExtraHosts ?? []) as string[]).map((entry): [string, string] => {
    const at = entry.indexOf(":");
    return [entry.slice(0, at), entry.slice(at + 1)];
  });
  const restart = host.RestartPolicy?.Name;
  return {
    ...filled("extraHosts", Object.fromEntries(extraHosts)),
    ...(devices.length > 0 && {
      devices: devices.map(({ PathOnHost, PathInContainer, CgroupPermissions }) => ({
        host: PathOnHost,
        ...(PathInContainer !== PathOnHost && { container: PathInContainer }),
        ...(CgroupPermissions !== "rwm" && { permissions: CgroupPermissions }),
      })),
    }),
    ...(asksForAllGpus(host) && { gpus: "all" }),
    ...filled("capabilities", {
      ...(add?.length ? { add } : {}),
      ...(drop?.length ? { drop } : {}),
    }),
    ...filled("securityOptions", (host.SecurityOpt ?? []) as string[]),
    ...(host.ReadonlyRootfs === true && { readOnly: true }),
    ...(restart !== "unless-stopped" && { restart: restart || "no" }),
  };
}

function asksForAllGpus(host: Inspected["HostConfig"]): boolean {
  const requests = (host.DeviceRequests ?? []) as { Count?: number; Capabilities?: string[][] }[];
  return requests.some(({ Count, Capabilities }) => Count === -1 && Capabilities?.flat().includes("gpu"));
}

/** Without those of Compose: it would take the new container for one of its own, and replace it. */
function labelsOf(
  labels: Readonly<Record<string, string>>,
  ofImage: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).filter(
      ([name, value]) => ofImage[name] !== value && !name.startsWith("com.docker.compose."),
    ),
  );
}

function loggingOf(log: { Type?: string; Config?: Record<string, string> } | undefined) {
  const { Type = "json-file", Config = {} } = log ?? {};
  if (Type === "json-file" && Object.keys(Config ?? {}).length === 0) return {};
  return { logging: { ...other("driver", Type, "json-file"), ...filled("options", Config ?? {}) } };
}

export interface WithHealth {
  Healthcheck?: {
    Test?: string[];
    Interval?: number;
    Timeout?: number;
    Retries?: number;
    StartPeriod?: number;
  };
}

/** One that its image brings is left to this program, which asks the gateway itself. */
export function healthOf({ Healthcheck: own }: WithHealth, { Healthcheck: ofImage }: WithHealth) {
  if (own?.Test === undefined || JSON.stringify(own) === JSON.stringify(ofImage)) return {};
  const [kind, ...rest] = own.Test;
  if (kind !== "CMD" && kind !== "CMD-SHELL") return {};
  const seconds = (key: string, nanoseconds = 0) =>
    nanoseconds > 0 ? { [key]: formatDuration(nanoseconds / 1e9).replaceAll(" ", "") } : {};
  return {
    health: {
      command: kind === "CMD" ? rest : ["sh", "-c", ...rest],
      ...seconds("interval", own.Interval),
      ...seconds("timeout", own.Timeout),
      ...(own.Retries ? { retries: own.Retries } : {}),
      ...seconds("startPeriod", own.StartPeriod),
    },
  };
}

/** What has no key of its own, by the provider's names. */
function optionsOf(host: Inspected["HostConfig"]): Record<string, unknown> {
  const lists = {
    groupAdds: host.GroupAdd,
    dns: host.Dns,
    dnsOpts: host.DnsOptions,
    dnsSearches: host.DnsSearch,
  };
  return {
    ...(host.Privileged === true && { privileged: true }),
    ...(host.PidMode ? { pidMode: host.PidMode } : {}),
    ...(host.UsernsMode ? { usernsMode: host.UsernsMode } : {}),
    ...(host.CpuShares ? { cpuShares: host.CpuShares } : {}),
    ...(host.CpusetCpus ? { cpuSet: host.CpusetCpus } : {}),
    ...(host.Runtime && host.Runtime !== "runc" ? { runtime: host.Runtime } : {}),
    ...filled("sysctls", (host.Sysctls ?? {}) as Record<string, string>),
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list?.length)),
  };
}

/** Mounted once more and seen without it too: OpenClaw's own compose file does so with the workspace. */
function isPartOf({ Type, Source, Destination, RW }: Mount, state: Mount | undefined): boolean {
  if (Type !== "bind" || state?.Type !== "bind" || !RW) return false;
  const inState = posix.relative(state.Destination, Destination);
  return posix.resolve(Source) === posix.join(state.Source, inState);
}

function lostOf(found: Inspected, asked: AdoptionQuestion): Loss[] {
  const { Mounts, HostConfig } = found;
  const { stateDirectory, files } = asked;
  const state = Mounts.find(({ Destination }) => Destination === stateDirectory);
  const own = new Set(stateMountsOf(found, asked));
  const nested = Mounts.filter(
    (mount) =>
      mount.Destination !== stateDirectory &&
      isWithin(mount.Destination, stateDirectory) &&
      !own.has(mount) &&
      !isPartOf(mount, state),
  );
  const unnamed = Mounts.filter(
    ({ Destination }) => !isWithin(Destination, stateDirectory) && isUnnamed(Destination, Mounts),
  );
  const { PidsLimit, CpuQuota } = HostConfig as { CpuQuota?: number } & typeof HostConfig;
  return [
    ...nested.map(({ Destination, Source }) => ({
      key: `mounts.${Destination}`,
      what: files?.has(Destination)
        ? `the file that is mounted inside of the state at ${Destination} (from ${Source}): only folders and volumes can be state. Copy it into the state, and start the gateway without this mount`
        : `what is mounted inside of the state at ${Destination} (from ${Source}): a snapshot would miss it. Move its files into the state`,
    })),
    ...unnamed.map(({ Destination }) => ({
      key: `mounts.${Destination}`,
      what: `the volume without a name at ${Destination}, with what is in it`,
    })),
    ...(PidsLimit !== null && PidsLimit !== undefined && PidsLimit > 0
      ? [{ key: "pidsLimit", what: `its limit of ${PidsLimit} processes, which the provider can't set` }]
      : []),
    ...(CpuQuota ? [{ key: "cpuQuota", what: "its processor quota: write `cpus` in its place" }] : []),
  ];
}
