import type { StateLocation } from "../config/rollout.ts";
import type { ControlPlaneApi } from "./control-plane-api.ts";
import type { Unit } from "./platform.ts";

/** Where the API of a control plane is, and who we are there. */
export interface ApiAccess {
  /** Name of the control plane's unit. */
  container: string;
  port: number;
  username: string;
  password: string;
  /** Seconds for one call; undefined: the client's own. */
  deadline?: number;
  /** Image with curl. */
  image: string;
  /** The workload that it is asked for. */
  workload: string;
}

/** The control plane of a stack. It is reached from inside its own network: no port is published. */
export interface ControlPlane {
  /** Opens its API for as long as `work` takes. `unit`: of another one than the stack's, as the copy of a drill. */
  open<T>(work: (api: ControlPlaneApi) => Promise<T>, unit?: string): Promise<T>;
  /** The same, for one of its instances, by the name of its container. */
  instance<T>(name: string, work: (instance: ManagedInstance) => Promise<T>): Promise<T>;
}

/** What an instance is, by the word of the control plane and by that of what it runs on. */
export interface ManagedState {
  status: string;
  /** The reference in its row; null follows the default image. */
  containerImage: string | null;
  /** `<reference> (sha256:<12 digits>)`, as the control plane shows it. */
  liveImageInfo: string | null;
  /** Undefined when there is no container. */
  container: Unit | undefined;
}

/** The way to the control plane's database file on its host. */
export interface ControlPlaneDatabase {
  /** Name of the control plane's container, for messages and labels. */
  controlPlane: string;
  data: StateLocation;
  /** Below the data: `clawforce.db`. */
  file: string;
  /** Image with sqlite3. */
  tools: string;
}

/** How the image of an instance is set. */
export interface SetImageBy {
  /** `auto`: the API where it takes an image, else the database. */
  way: "auto" | "api" | "database";
  /** Needed for the database. */
  database?: ControlPlaneDatabase;
}

/** The state of an instance in its volumes. */
export interface InstanceState {
  /** State directory inside the instance: `/home/node/.openclaw`. */
  statePath: string;
  /** Image with bash and tar. */
  tools: string;
}

/** What its host has, in bytes. `docker` is the disk on which an archive is staged. */
export interface InstanceRoom {
  free: Record<"state" | "docker", number>;
  /** Places on one device share its room. */
  device: Record<"state" | "docker", number>;
  stateUsed: number;
}

/**
 * An instance that a control plane has made. It is changed through the control plane and never behind its back: its next
 * restart would bring back what the control plane's database says.
 */
export interface ManagedInstance {
  /** Of the instance and of its container: `bot-support-1`. */
  readonly name: string;
  readonly controlPlane: Pick<ControlPlaneApi, "activeTasks" | "settings">;
  /** Refuses a container that no control plane manages. */
  read(): Promise<ManagedState>;
  /** Gets an image to its host: a restart does not pull, and the control plane's own update can't. */
  fetch(reference: string): Promise<{ how: "present" | "pulled"; imageId: string }>;
  /** Sets its image (null: it follows the default) and reads it back. `none`: it was set already. */
  setImage(image: string | null, by: SetImageBy): Promise<"api" | "database" | "none">;
  /** Has its container made anew of the image that is set. What came of it is seen by `read` alone. */
  restart(): Promise<{ answered: boolean }>;
  start(): Promise<void>;
  /** Returns only with proof that it has ended. */
  stop(): Promise<void>;
  /** A backup that the control plane makes while it serves, brought into a folder. Whether it is of use shows its content. */
  backUp(
    paths: readonly string[],
    /** 0700; made where it is missing. */
    folder: string,
  ): Promise<{ id: number; file: string }>;
  room(state: InstanceState): Promise<InstanceRoom>;
  /** Of a stopped one: its state as an archive, in a file of mode 0600. */
  copyState(state: InstanceState, file: string): Promise<void>;
  /** Of a stopped one: wipes its state and fills it from an archive. Wipes nothing before all of it is there. */
  fillState(state: InstanceState, archive: { file: string; sha256: string }): Promise<void>;
  /** An error of any of these as words. */
  describe(error: unknown): string;
}
