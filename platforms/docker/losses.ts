import type Docker from "dockerode";
import { gatewayContainer } from "../../config/container-schema.ts";
import { isMapping } from "../../config/json.ts";
import { furtherPlaces } from "../../config/state-places.ts";
import { type AdoptedSettings, usual } from "../adoption.ts";
import type { Loss, WantedUnit } from "../displaced.ts";
import { withAliases } from "./adopted-networks.ts";
import { adoptedSettings, goneImage, type Inspected, type InspectedImage } from "./adopted-settings.ts";
import { inspectContainer } from "./client.ts";
import { socketInside } from "./control-plane-socket.ts";
import { inspectImage } from "./image.ts";
import { isWithin } from "./mount-table.ts";
import { singleFiles } from "./single-files.ts";

/** What a container of somebody else's has and the workload's own one would not have. */
export async function lossesOf(docker: Docker, name: string, wanted: WantedUnit): Promise<Loss[]> {
  const found = await inspectContainer(docker, name);
  return found === undefined
    ? []
    : losses(
        found,
        (await inspectImage(docker, found.Image)) ?? goneImage,
        wanted,
        await singleFiles(docker, found),
      );
}

/**
 * Told by what is there, not by its value: who has written another value has meant it. What the schema gives by itself was
 * meant by nobody.
 */
export function losses(
  found: Inspected,
  image: InspectedImage,
  wanted: WantedUnit,
  files: ReadonlySet<string> = new Set(),
): Loss[] {
  const { container, publish, backups } = wanted;
  const { stateDirectory, port, dockerSocket = "none" } = container;
  const theirs = adoptedSettings(found, image, { stateDirectory, port, files });
  // What has a key of its own in the stack file.
  const mounted = [backups, dockerSocket === "none" ? undefined : socketInside].map((at) => `mounts.${at}`);
  const all = [
    ...theirs.lost,
    ...(theirs.publish !== undefined && publish === undefined
      ? [{ key: "publish", what: `its port, which is published at ${theirs.publish}` }]
      : []),
    ...settingsLosses(theirs, container),
    ...furtherPlaces(container)
      .filter(({ at }) => files.has(at) && !isWithin(at, stateDirectory))
      .map(({ at }) => ({
        key: `mounts.${at}`,
        what: `its file at ${at} as state: only folders and volumes can be state. Take \`state: true\` out there`,
      })),
  ];
  return all.filter(({ key }) => !mounted.includes(key));
}

/** What its own keys say of a part, where the schema has a list or a mapping. */
const parts: Readonly<Record<string, (entry: Record<string, unknown>) => string>> = {
  mounts: ({ target }) => String(target),
  networks: ({ name }) => String(name),
  ports: ({ container, protocol }) => `${container}/${protocol}`,
  devices: ({ host }) => String(host),
};

/** They are about how a container is started again and judged, which the stack file decides. */
const ownMatter = new Set(["health", "restart", "stateDirectory", "port", "network", "stopSignal"]);

function settingsLosses(found: AdoptedSettings, container: WantedUnit["container"]): Loss[] {
  const settings = withOwnPart(found);
  // As the schema has it, with the defaults of each entry and without units.
  const theirs: Record<string, unknown> = gatewayContainer.partial().parse(settings);
  const ours: Record<string, unknown> = { ...container };
  const usualOnes: Record<string, unknown> = usual;
  return Object.keys(settings)
    .filter((key) => !ownMatter.has(key))
    .flatMap((key) => {
      if (key === "environment" || key === "secrets") return variableLosses(theirs[key], ours);
      if (key === "networks") return networkLosses(theirs[key], ours);
      const given = onlyKeysOf(settings[key], theirs[key]);
      return valueLosses([key], given, ours[key], usualOnes[key]);
    });
}

/** What the stack file has beside the name of an instance belongs to its container all the same. */
function withOwnPart({ settings, mounts = [], aliases }: AdoptedSettings): Record<string, unknown> {
  const shared = (settings.mounts ?? []) as object[];
  const named = withAliases(settings, aliases);
  return mounts.length === 0 ? named : { ...named, mounts: [...shared, ...mounts] };
}

/** Without what the schema has added by itself. */
function onlyKeysOf(written: unknown, parsed: unknown): unknown {
  return isMapping(written) && isMapping(parsed)
    ? Object.fromEntries(Object.entries(parsed).filter(([key]) => key in written))
    : parsed;
}

function variableLosses(
  theirs: unknown,
  { environment, secrets, tokenVariable }: Record<string, unknown>,
): Loss[] {
  const written = [environment, secrets].flatMap((each) => Object.keys((each ?? {}) as object));
  const known = new Set([...written, tokenVariable]);
  return Object.keys(theirs as object)
    .filter((variable) => !known.has(variable))
    .map((variable) => ({ key: `environment.${variable}`, what: `the variable ${variable}` }));
}

interface Joined {
  name: string;
  aliases?: string[];
}

function networkLosses(theirs: unknown, ours: Record<string, unknown>): Loss[] {
  const joined = [{ name: String(ours.network) }, ...((ours.networks ?? []) as Joined[])] as Joined[];
  return (theirs as Joined[]).flatMap(({ name, aliases = [] }) => {
    const same = joined.filter((each) => each.name === name);
    if (same.length === 0) return [{ key: `networks.${name}`, what: `the network ${name}` }];
    const known = new Set(same.flatMap((each) => each.aliases ?? []));
    return aliases
      .filter((alias) => !known.has(alias))
      .map((alias) => ({
        key: `networks.${name}.${alias}`,
        what: `its name ${alias} in the network ${name}`,
      }));
  });
}

function valueLosses(path: string[], theirs: unknown, ours: unknown, usualValue: unknown): Loss[] {
  const [top = ""] = path;
  const loss = (at: string[]) => ({ key: at.join("."), what: `its \`${at.join(".")}\`` });
  if (Array.isArray(theirs)) {
    const nameOf = (entry: unknown) =>
      isMapping(entry) ? (parts[top]?.(entry) ?? JSON.stringify(entry)) : String(entry);
    const known = new Set(Array.isArray(ours) ? ours.map(nameOf) : []);
    // A command is one thing.
    if (["command", "entrypoint"].includes(top)) return ours === undefined ? [loss(path)] : [];
    return theirs
      .map(nameOf)
      .filter((name) => !known.has(name))
      .map((name) => loss([...path, name]));
  }
  if (isMapping(theirs)) {
    return Object.entries(theirs).flatMap(([key, value]) =>
      valueLosses([...path, key], value, isMapping(ours) ? ours[key] : undefined, undefined),
    );
  }
  const isGiven = ours !== undefined && ours !== usualValue;
  return isGiven || ours === theirs ? [] : [loss(path)];
}
