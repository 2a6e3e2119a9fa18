import type { ContainerConfig } from "./container-schema.ts";
import { controlPlaneContainer, gatewayContainer } from "./container-schema.ts";
import { fingerprint } from "./fingerprint.ts";
import { isMapping } from "./json.ts";
import type { Publish } from "./publish.ts";
import type { StateLocation, WorkloadConfig } from "./rollout.ts";
import { passwordPrint, printsOf, tokenPrint, withKnownValues } from "./secret-values.ts";
import type { Track } from "./track.ts";

/**
 * What a container is made anew for when it changes, beside its image and a restore. Plain JSON. The order of its keys is
 * part of the trigger that stands in the state of stacks that exist: it stays as it is, and a key that is added later goes
 * into `LaterSettings`.
 */
export interface ContainerSettings {
  command: string[] | null;
  user: string | null;
  environment: Record<string, string>;
  tokenVariable: string | null;
  state: StateLocation;
  stateDirectory: string;
  network: string;
  port: number;
  publish: Publish | null;
  backups?: StateLocation & { path: string };
  dockerSocket?: string;
  /** Another health check never reaches a container that is there. */
  health: ContainerConfig["health"];
}

/** Of the container's keys those that `ContainerSettings` names, and those that mostly change without another container. */
const firstKeys = [
  ...["command", "user", "environment", "tokenVariable", "stateDirectory", "network", "port", "dockerSocket"],
  ...["health", "memory"],
] as const satisfies readonly (keyof ContainerConfig)[];

/**
 * What replaces a container too and is no part of the first triggers: it goes into one only when it changes. Every key
 * that the container's schema gets belongs here by itself.
 */
export type LaterSettings = {
  /** Seconds between SIGTERM and SIGKILL. */
  stopGrace: number;
  /** An instance's own: they are not its group's to prove. */
  instanceSecrets?: Readonly<Record<string, string>>;
  /** Variable -> print of its secret's value, of the group's secrets and of the instance's: see secret-values.ts. */
  secretValues?: Readonly<Record<string, string>>;
  instanceSecretValues?: Readonly<Record<string, string>>;
  /** Print of its token's value. */
  tokenValue?: string;
  instanceMounts?: NonNullable<ContainerConfig["mounts"]>;
  instanceAliases?: readonly string[];
  /** Where another one makes another unit: bytes, or null for no limit. */
  memory?: number | null;
} & Omit<ContainerConfig, (typeof firstKeys)[number]>;

type OwnLater = "instanceSecrets" | "instanceMounts" | "instanceAliases" | "tokenValue";

/** What one container is made with. */
export interface Made {
  /** Reference with digest. */
  image: string;
  /** Changes when the configuration asks for another snapshot to be restored. */
  restore: string;
  /** Of the container and of its preparation: another one, another container. */
  trigger: string;
  settings: ContainerSettings;
  later: LaterSettings;
  /** Bytes, where it changes without another container. */
  memory?: number;
}

type Compared = Pick<Made, "settings" | "later">;

/** What belongs to one instance and is written beside its name. All else is its group's, and goes wave by wave. */
const ownKeys = [
  ...["state", "publish", "backups", "instanceSecrets", "instanceSecretValues", "instanceMounts"],
  ...["instanceAliases", "tokenValue"],
];

export function settingsOf(workload: WorkloadConfig): Pick<Made, "settings" | "later" | "memory"> {
  const { container, state, publish, backups, stopGrace, secrets, mounts, aliases, secretPrints } = workload;
  const { memory } = container;
  const { memoryMakesAnew = false } = workload;
  const settings: ContainerSettings = {
    command: container.command ?? null,
    user: container.user ?? null,
    environment: container.environment,
    tokenVariable: container.tokenVariable ?? null,
    state,
    stateDirectory: container.stateDirectory,
    network: container.network,
    port: container.port,
    publish: publish ?? null,
    ...(backups !== undefined && { backups }),
    ...(container.dockerSocket !== undefined && { dockerSocket: container.dockerSocket }),
    health: container.health,
  };
  const own = {
    ...(secrets !== undefined && { instanceSecrets: secrets }),
    ...(mounts !== undefined && { instanceMounts: mounts }),
    ...(aliases !== undefined && { instanceAliases: aliases }),
  };
  const values = {
    secretValues: printsOf(container.secrets, secretPrints),
    instanceSecretValues: printsOf(secrets, secretPrints),
    tokenValue: container.tokenVariable === undefined ? undefined : tokenPrintOf(workload),
  };
  const later = {
    ...{ stopGrace, ...own, ...laterKeys(container), ...defined(values) },
    ...(memoryMakesAnew && { memory: memory ?? null }),
  };
  return { settings, later, ...(memory !== undefined && !memoryMakesAnew && { memory }) };
}

function tokenPrintOf({ name, track, secretPrints = {} }: WorkloadConfig): string | undefined {
  return secretPrints[track === "control-plane" ? passwordPrint : tokenPrint(name)];
}

function defined<Part extends object>(part: Part): { [Key in keyof Part]?: Exclude<Part[Key], undefined> } {
  return Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined)) as Part;
}

function laterKeys(container: ContainerConfig): Omit<LaterSettings, "stopGrace" | "memory" | OwnLater> {
  const known: ReadonlySet<string> = new Set(firstKeys);
  return Object.fromEntries(Object.entries(container).filter(([key]) => !known.has(key)));
}

/** What changes of the settings that came later: `null` for one that is no more, so that its trigger is another one again. */
export function changedLater(before: LaterSettings, after: LaterSettings): Record<string, unknown> {
  const old = canonical(before) as Plain;
  const next = canonical(after) as Plain;
  const keys = [...new Set([...Object.keys(old), ...Object.keys(next)])];
  const changed = keys.filter((key) => JSON.stringify(old[key]) !== JSON.stringify(next[key]));
  return Object.fromEntries(changed.map((key) => [key, next[key] ?? null]));
}

/** The trigger of a container. `changed`: what differs of the settings that came later. */
export function triggerOf(
  { image, restore, settings }: Pick<Made, "image" | "restore" | "settings">,
  changed: Record<string, unknown> = {},
): string {
  return fingerprint({ image, ...settings, restore, ...changed });
}

/** The group's part of other settings, with an instance's own part. */
export function withOwnPart<Part extends Compared>(shared: Part, { settings: own, later }: Compared): Part {
  const settings = { ...shared.settings, state: own.state, publish: own.publish };
  delete settings.backups;
  // Spread anew, so that the order of the keys is the one of every other trigger.
  const { dockerSocket, health, ...rest } = settings;
  const ordered: ContainerSettings = {
    ...rest,
    ...(own.backups !== undefined && { backups: own.backups }),
    ...(dockerSocket !== undefined && { dockerSocket }),
    health,
  };
  const { instanceMounts: _, instanceAliases: __, ...others } = shared.later;
  const { instanceMounts, instanceAliases } = later;
  const withOwn = { ...others, ...defined({ instanceMounts, instanceAliases }) };
  return { ...shared, settings: ordered, later: withOwnSecrets(withOwn, later) };
}

/** One with the secrets that belong to the instance itself from the other. */
export function withOwnSecrets(shared: LaterSettings, own: LaterSettings): LaterSettings {
  const { instanceSecrets: _, instanceSecretValues: __, tokenValue: ___, secretValues, ...others } = shared;
  const { instanceSecrets, instanceSecretValues, tokenValue } = own;
  return { ...others, ...defined({ instanceSecrets, secretValues, instanceSecretValues, tokenValue }) };
}

/** A workload as it is with other settings than the configuration has for it now. */
export function withSettings(workload: WorkloadConfig, made: Made): WorkloadConfig {
  const { settings, later, image } = made;
  const { command, user, tokenVariable, dockerSocket, environment, stateDirectory, network, port, health } =
    settings;
  const { stopGrace, instanceSecrets, instanceMounts, instanceAliases, memory: own, ...recorded } = later;
  const memory = own === undefined ? workload.container.memory : (own ?? undefined);
  const { secretValues: _s, instanceSecretValues: _i, tokenValue: _t, ...keys } = recorded;
  const { secrets: _, mounts: __, aliases: ___, ...others } = workload;
  return {
    ...others,
    ...(instanceSecrets !== undefined && { secrets: instanceSecrets }),
    ...(instanceMounts !== undefined && { mounts: instanceMounts }),
    ...(instanceAliases !== undefined && { aliases: instanceAliases }),
    image,
    // Nothing but what it is made with: a default that a later version of this program has would be another container.
    container: {
      ...{ environment, stateDirectory, network, port, health },
      ...(command !== null && { command }),
      ...(user !== null && { user }),
      ...(tokenVariable !== null && { tokenVariable }),
      ...(dockerSocket !== undefined && { dockerSocket }),
      ...(memory !== undefined && { memory }),
      ...keys,
    },
    stopGrace,
  };
}

/** What differs, as an operator writes it: "environment.LOG_LEVEL is new". No value: a variable may hold a secret. */
export function differences(before: Compared, after: Compared, track: Track): string[] {
  return [...sharedDifferences(before, after, track), ...ownDifferences(before, after, track)];
}

export function sharedDifferences(before: Compared, after: Compared, track: Track): string[] {
  const [one, other] = bothKnown(before, after);
  return withoutRepetition(pathDifferences(sharedPart(one, track), sharedPart(other, track)));
}

export function ownDifferences(before: Compared, after: Compared, track: Track): string[] {
  const [one, other] = bothKnown(before, after);
  return withoutRepetition(pathDifferences(ownPart(one, track), ownPart(other, track)));
}

/** How a phrase about a value begins that nobody may read. */
export const ofValue = "the value of ";
const tokenChange = "the value of its token changes";

/** Another secret has another value. */
function withoutRepetition(all: string[]): string[] {
  return all.filter((each) => !each.startsWith(ofValue) || !all.includes(each.slice(ofValue.length)));
}

function bothKnown(one: Compared, other: Compared): [Compared, Compared] {
  return [learned(one, other), learned(other, one)];
}

/** With what the other one knows of the values of the same secrets, and of a limit that is not on record of old. */
export function learned<Part extends Compared>(part: Part, { later }: Pick<Compared, "later">): Part {
  const { memory = later.memory, ...known } = withKnownValues(part.later, later);
  return { ...part, later: { ...known, ...(memory !== undefined && { memory }) } };
}

/** One short text for the settings that a group's instances share: the same for the same settings, however written. */
export function sharedFingerprint(settings: Compared, track: Track): string {
  return fingerprint(sharedPart(settings, track));
}

/** The same for an instance's own part. */
export function ownFingerprint(settings: Compared, track: Track): string {
  return fingerprint(ownPart(settings, track));
}

type Plain = Readonly<Record<string, unknown>>;

function sharedPart({ settings, later }: Compared, track: Track): Plain {
  const all = canonical({ ...settings, ...later }, defaultsOf(track)) as Plain;
  return Object.fromEntries(Object.entries(all).filter(([key]) => !isOwn(key)));
}

function ownPart({ settings, later }: Compared, track: Track): Plain {
  const all = canonical({ ...settings, ...later }, defaultsOf(track)) as Plain;
  return Object.fromEntries(Object.entries(all).filter(([key]) => isOwn(key)));
}

function isOwn(key: string): boolean {
  return ownKeys.includes(key);
}

/** Seconds, of both tracks. */
const defaultStopGrace = 30;

function defaultsOf(track: Track): Plain {
  const schema = track === "control-plane" ? controlPlaneContainer : gatewayContainer;
  return { ...schema.parse({}), stopGrace: defaultStopGrace };
}

/**
 * The same value for the same meaning: keys in order, and without what is as the defaults have it. A key that is missing
 * has its default, so a default that is added later makes no difference.
 */
export function canonical(value: unknown, defaults?: unknown): unknown {
  if (Array.isArray(value)) return value.map((entry) => canonical(entry));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, entry]) => {
    const usual = (defaults as Plain | undefined)?.[key];
    const kept = canonical(entry, usual);
    const isUsual = JSON.stringify(kept) === JSON.stringify(canonical(usual, usual));
    return kept === undefined || kept === null || isUsual ? [] : [[key, kept] as const];
  });
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function pathDifferences(before: unknown, after: unknown, path = ""): string[] {
  if (isMapping(before) && isMapping(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
    return keys.flatMap((key) =>
      pathDifferences(before[key], after[key], path === "" ? key : `${path}.${key}`),
    );
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  // A token that comes or goes is told of by its variable.
  if (path === "tokenValue") return before === undefined || after === undefined ? [] : [tokenChange];
  const [, values, variable] = /^(secretValues|instanceSecretValues)\.(.*)$/.exec(path) ?? [];
  if (values !== undefined) {
    // A variable that comes or goes, or has another secret, is told of by its secret's name.
    const names = values === "secretValues" ? "secrets" : "instanceSecrets";
    return before === undefined || after === undefined ? [] : [`${ofValue}${names}.${variable} changes`];
  }
  // A whole mapping that comes or goes is said by its parts.
  if (isMapping(before)) return pathDifferences(before, {}, path);
  if (isMapping(after)) return pathDifferences({}, after, path);
  // Elsewhere a value that is not written is the default: it changes, and is neither new nor gone.
  const isVariable = path.startsWith("environment.");
  if (isVariable && before === undefined) return [`${path} is new`];
  return [`${path} ${isVariable && after === undefined ? "is gone" : "changes"}`];
}
