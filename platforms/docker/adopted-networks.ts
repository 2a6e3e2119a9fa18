import type Docker from "dockerode";

/** A network as the stack file says it. They exist, and stay somebody else's. */
export interface JoinedLines {
  name: string;
  existing: true;
  aliases?: string[];
}

/** The keys of `container` for its networks, and `aliases` of its instance: what all of them know it by. */
export type NetworkLines =
  | { networkMode: string; aliases?: undefined }
  | { network?: string; networks?: JoinedLines[]; aliases?: string[] };

/**
 * Compose makes the service's name a name in each network. It belongs to each instance, so that those who differ in nothing
 * else share a group.
 */
export function networksOf({
  Id,
  Name,
  HostConfig,
  NetworkSettings,
}: Pick<Docker.ContainerInspectInfo, "Id" | "Name" | "HostConfig" | "NetworkSettings">): NetworkLines {
  if (!hasOwnNetwork(HostConfig.NetworkMode)) return { networkMode: HostConfig.NetworkMode ?? "" };
  const own = new Set([Name.replace(/^\//, ""), Id.slice(0, 12)]);
  const joined = Object.entries(NetworkSettings.Networks ?? {})
    .filter(([name]) => name !== "bridge")
    .map(([name, { Aliases }]) => ({
      name,
      aliases: ((Aliases ?? []) as string[]).filter((alias) => !own.has(alias)),
    }));
  const [first] = joined;
  if (first === undefined) return {};
  const everywhere = first.aliases.filter((alias) => joined.every(({ aliases }) => aliases.includes(alias)));
  return {
    network: first.name,
    networks: joined.map(({ name, aliases }) => {
      const others = aliases.filter((alias) => !everywhere.includes(alias));
      return { name, existing: true, ...(others.length > 0 && { aliases: others }) };
    }),
    ...(everywhere.length > 0 && { aliases: everywhere }),
  };
}

/** Not that of the host or of another container, nor none: only such a container can be in further networks. */
export function hasOwnNetwork(mode: string | undefined): boolean {
  return !(mode === "host" || mode === "none" || mode?.startsWith("container:"));
}

/** The same settings for who has no instance to write names beside. */
export function withAliases<Settings extends { networks?: unknown }>(
  settings: Settings,
  aliases: readonly string[] = [],
): Settings {
  if (aliases.length === 0) return settings;
  const networks = (settings.networks ?? []) as JoinedLines[];
  return {
    ...settings,
    networks: networks.map(({ aliases: some = [], ...each }) => ({
      ...each,
      aliases: [...some, ...aliases],
    })),
  };
}
