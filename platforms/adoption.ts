import { gatewayContainer } from "../config/container-schema.ts";
import type { Publish } from "../config/publish.ts";
import { type HeldSecrets, type NamedSecrets, secretNames } from "./adopted-secrets.ts";
import type { Loss } from "./displaced.ts";
import type { UnitCondition } from "./platform.ts";

/*
 * What `fleet adopt` reads of units that somebody else has started, on whatever platform.
 */

/** What a new container of a gateway has if nothing is written. */
export const usual = gatewayContainer.parse({});

/** A further place of a state, as the stack file says it. */
export type PlaceLines = { kind: string; source: string; target: string; state: true };

/** What a container has of its own, beside what its image says and where its state is. */
export interface AdoptedSettings {
  publish?: Publish;
  /** The keys of `container` in the stack file. */
  settings: Record<string, unknown>;
  /** Mounts that are state, as `mounts` of its instance has them; missing where there are none. */
  mounts?: PlaceLines[];
  /** Its names in all of its networks, as its instance has them; missing where there are none. */
  aliases?: string[];
  /** Variables that look like secrets -> where they go: a name under `clawforce:secrets`. */
  secrets: Record<string, string>;
  /** The variable of the gateway's token is set. */
  hasToken: boolean;
  /** Duration, where it has one of its own. */
  stopGrace?: string;
  /** What the stack file can't say, so that the new container would not have it. */
  lost: Loss[];
}

/** A gateway that somebody else has started, as the stack file would say it. Plain JSON; no value of a secret is in it. */
export interface Adoption extends AdoptedSettings {
  /** The name of its container now. */
  container: string;
  /** The name of the instance: the same, where an instance may be called so. */
  instance: string;
  /** Reference with digest; undefined: the engine knows none. */
  image: string | undefined;
  /** The reference that it was started with. */
  startedWith: string;
  state: { volume: string } | { directory: string };
  /** What to know or do about it first, one sentence each. */
  notes: string[];
  /** Variables whose secrets are this one's alone -> their names. */
  ownSecrets?: Record<string, string>;
  /** Variable -> a command that prints its value, where the platform has one of its own for that. */
  printedBy?: Readonly<Record<string, string>>;
  /** It is changed in its place, so nothing of it is kept beside it. */
  inPlace?: true;
  /** How it runs now. */
  condition: UnitCondition;
  /** Who made it, by the labels that it has. */
  compose?: { project: string; service: string };
}

/** Units by their names, or all of a Compose project. */
export type WantedUnits = { containers: readonly string[] } | { composeProject: string };

/** Where they are. Reads only; throws a `NotAdoptable`, or an error that says that the place does not answer. */
export interface AdoptionSource {
  /**
   * What of them can be adopted, and why the others can't: a sentence each.
   *
   * @param taken - the secrets that the stack has already, by their names.
   */
  units(
    wanted: WantedUnits,
    asked: { stateDirectory: string; port: number },
    taken: readonly string[],
  ): Promise<{ adoptions: Adoption[]; refusals: string[] }>;
  controlPlane(
    name: string,
    asked: { stateDirectory?: string; port?: number },
    taken: readonly string[],
  ): Promise<ControlPlaneAdoption>;
  /** Of a unit's variables: they go from process to process only. */
  values(unit: string): Promise<Record<string, string>>;
}

/** Why a container can't be adopted: a sentence with what to do. */
export class NotAdoptable extends Error {}

export type Place = { volume: string } | { directory: string };

/** A control plane that somebody else has started, as the stack file would say it. No value of a secret is in it. */
export interface ControlPlaneAdoption extends Adoption {
  /** Where its Backups are, if not below its data. */
  backups?: Place & { path: string };
  /** Of its database, below its data. */
  database: string;
  /** The containers that it has made, and how they are. */
  instances: ManagedContainer[];
}

export interface ManagedContainer {
  name: string;
  /** Docker's word: "running". */
  state: string;
}

/** Clawforce, and the program that it comes from: how their variables begin, and what their databases are called. */
export const controlPlaneKinds = [
  { prefix: "CLAWFORCE_", database: "clawforce.db" },
  { prefix: "CLAWORC_", database: "claworc.db" },
] as const;

/**
 * Each of these units, and why the others can't be adopted: a sentence each. Values that are the same are one secret.
 *
 * @param read - one of them, after those before it; throws a `NotAdoptable` where it can't be.
 */
export async function adoptEach(
  units: readonly string[],
  taken: readonly string[],
  read: (
    unit: string,
    before: readonly Adoption[],
  ) => Promise<{ adoption: Adoption; values: Readonly<Record<string, string>> }>,
): Promise<{ adoptions: Adoption[]; refusals: string[] }> {
  const adoptions: Adoption[] = [];
  const held: HeldSecrets[] = [];
  const refusals: string[] = [];
  for (const unit of units) {
    try {
      const { adoption, values } = await read(unit, adoptions);
      adoptions.push(adoption);
      held.push({ instance: adoption.instance, names: adoption.secrets, values });
    } catch (error) {
      if (!(error instanceof NotAdoptable)) throw error;
      refusals.push(error.message);
    }
  }
  const named = secretNames(held, new Set(taken));
  return { adoptions: adoptions.map((each, index) => withSecrets(each, named[index])), refusals };
}

/** With the names that its secrets have in the stack: those of its own stand beside its name. */
export function withSecrets(adoption: Adoption, named: NamedSecrets | undefined): Adoption {
  if (named === undefined) return adoption;
  const { secrets: _, ...settings } = adoption.settings;
  const isThere = Object.keys(named.shared).length > 0;
  return {
    ...adoption,
    settings: isThere ? { ...settings, secrets: named.shared } : settings,
    secrets: { ...named.shared, ...named.own },
    ownSecrets: named.own,
  };
}

export function withSecretNames(
  adoption: ControlPlaneAdoption,
  values: Readonly<Record<string, string>>,
  taken: readonly string[],
): ControlPlaneAdoption {
  const held = { instance: adoption.container, names: adoption.secrets, values };
  const [named] = secretNames([held], new Set(taken));
  const secrets = { ...named?.shared, ...named?.own };
  const { secrets: _, ...settings } = adoption.settings;
  return {
    ...adoption,
    secrets,
    settings: Object.keys(secrets).length === 0 ? settings : { ...settings, secrets },
  };
}
