import type { Check } from "../config/check-kind.ts";
import type { DrainConfig } from "../config/container-schema.ts";
import type { Made } from "../config/container-settings.ts";
import { type LeftOut, leftOutOf } from "../config/left-out.ts";
import type { PlatformSettings } from "../config/platform-kind.ts";
import type { MigrationStep, RehearsalConfig } from "../config/rehearsal-schema.ts";
import type { StateLocation } from "../config/rollout.ts";
import type { DeadlinesConfig, SnapshotsConfig } from "../config/schema.ts";
import type { StatePlace, StatePlaces } from "../config/state-places.ts";
import type { Track } from "../config/track.ts";
import type { ControlPlane, SetImageBy } from "../platforms/control-plane.ts";
import type { Platform, StartSettings } from "../platforms/platform.ts";
import type { IngressProxy } from "../platforms/proxy.ts";
import type { Voice } from "./events.ts";
import { type EvidenceKeySettings, EvidenceKeys } from "./evidence/keys.ts";
import { EvidenceLog } from "./evidence/log.ts";
import type { Move } from "./evidence/move.ts";

/** The way of a workload's requests through the proxy in front. */
export interface WorkloadIngress {
  /** Name of the proxy's container. */
  container: string;
  /** Names under which the proxy serves the workload, by the Host header. */
  hosts: string[];
  /** Seconds that a request is held at most. */
  hold: number;
  /** Seconds for the requests that are under way when a hold begins. */
  drain: number;
  /** What the proxy asks a new container for before it sends requests there. */
  healthPath: string;
}

/** Where a control plane's API and database are, and who we are there. */
export interface ControlPlaneAccess {
  container: string;
  port: number;
  username: string;
  /** Seconds for one call of its API. */
  deadline?: number;
  data: StateLocation;
  /** Its database, below the data. */
  database: string;
  /** Instance -> where it keeps its state inside its container, as the groups of managed instances say. */
  statePaths?: Record<string, string>;
  /** How the image of an instance is set. */
  setImage: SetImageBy["way"];
  /** The settings that get the default image; undefined: the usual one. */
  defaultImageSettings?: string[];
}

/** Everything an operation has to know of one workload. Plain JSON, no secrets: it stands in the stack's state. */
export interface Workload {
  stack: string;
  name: string;
  track: Track;
  /** Its instance group; undefined for the control plane. */
  group?: string;
  /** Where it runs. */
  platform: PlatformSettings;
  /** Its stack is not production: a rehearsal may stop a run at a step. */
  rehearsal?: true;
  /** The name of its container: the same as its own. */
  container: string;
  /** The reference it is to run, with digest. */
  image: string;
  /** What its container is started with: for a drill while there is no container. */
  startedWith: StartSettings;
  state: StateLocation;
  /** Where the state is mounted in the container. */
  mount: string;
  /** What else is state: see `statePlaces`. */
  furtherPlaces?: StatePlace[];
  /** Archives that belong to its state and stand elsewhere: put back, and never taken away. */
  backups?: StateLocation & { path: string };
  /** The gateway's port inside the container. */
  port: number;
  /** Seconds to become healthy. */
  healthWait: number;
  tokenVariable?: string;
  drain: DrainConfig;
  /** Seconds between SIGTERM and SIGKILL. */
  stopGrace: number;
  /** Seconds that an update with a failed verification and a full restore may take. */
  maintenance: number;
  /** Undefined for a workload on record from before there were these settings. */
  deadlines?: DeadlinesConfig;
  /** The control plane's API, when the stack has one. */
  controlPlane?: ControlPlaneAccess;
  /** Its container is made by that control plane. */
  managed?: true;
  /** The container of somebody else's that it takes over from. */
  adopts?: string;
  /** What its container is made with; not known of a workload that has left the configuration. */
  made?: Made;
  snapshots: SnapshotsConfig;
  /** How a new version is tried on a copy first; undefined: as by default. */
  rehearse?: RehearsalConfig;
  /** What a new version's image does to the stopped state before it starts. */
  migrate?: MigrationStep[];
  evidenceDirectory: string;
  evidenceKeys: EvidenceKeySettings;
  gate: Check[];
  verification: Check[];
  /** Where its requests come in; undefined when nothing stands in front of it. */
  ingress?: WorkloadIngress;
  /** What an operator does to go back, for messages. */
  wayBack: string;
}

/** The input of a program. `move` comes from the run that was previewed; a program without one finds out by itself. */
export interface WorkloadTask {
  workload: Workload;
  move?: Move;
  /** Why the program does nothing in this run: see put-off.ts. */
  putOff?: string;
}

export interface OperationSecrets {
  snapshotPassword: string;
  gatewayToken: string;
  /** Empty in a stack without a control plane. */
  controlPlanePassword: string;
}

/** Workload, what runs it, and secrets, as an operation holds them while it runs. */
export interface WorkloadContext extends Voice {
  workload: Workload;
  platform: Platform;
  /** What holds its requests; undefined when nothing stands in front of it. */
  proxy: IngressProxy | undefined;
  /** What manages instances; undefined in a stack without one. */
  controlPlane: ControlPlane | undefined;
  secrets: OperationSecrets;
  log: EvidenceLog;
}

/** All places that its state is in, and where they are mounted. */
export function statePlaces({
  state,
  mount,
  furtherPlaces = [],
}: Pick<Workload, "state" | "mount" | "furtherPlaces">): StatePlaces {
  return [{ from: state, at: mount }, ...furtherPlaces];
}

/** What its snapshots leave out. The data of a control plane is always copied whole. */
export function leftOut(
  { track, snapshots }: Pick<Workload, "track" | "snapshots">,
  [main, ...further]: StatePlaces,
): LeftOut[] {
  const places = further.map(({ at }) => at);
  return track === "control-plane" ? [] : leftOutOf(snapshots.exclude ?? [], [main.at, ...places]);
}

/** The records of a workload, signed and read as the configuration says. */
export function logOf(
  workload: Pick<Workload, "evidenceDirectory" | "evidenceKeys" | "stack" | "name">,
): EvidenceLog {
  const { evidenceDirectory, evidenceKeys, stack, name } = workload;
  return new EvidenceLog(evidenceDirectory, stack, name, new EvidenceKeys(evidenceKeys));
}
