import type { ContainerConfig } from "../config/container-schema.ts";
import type { Publish } from "../config/publish.ts";

/** What a workload's own unit is to have, to be compared with one of somebody else's. */
export interface WantedUnit {
  container: ContainerConfig;
  publish?: Publish;
  /** Path in it of what belongs to the state and stands elsewhere. */
  backups?: string;
}

/** Something that a unit has and the workload's own one would not have. */
export interface Loss {
  /** As the configuration would name it: "environment.MODEL_KEY", "mounts./shared". */
  key: string;
  /** For people: "the variable MODEL_KEY". */
  what: string;
}

/** A unit of somebody else's that was put out of the way, and what it was like. */
export interface Displaced {
  id: string;
  /** The name that it had. */
  name: string;
  /** See `Unit`. */
  restart: string;
  /**
   * It is not put away: it is changed in its place into the workload's own. The kinds of objects of its name that go over
   * with it as they are: "Service".
   */
  beside?: readonly string[];
}

/** The names that an adoption gives. */
export interface AsideNames {
  /** Of the unit of before, as long as it is set aside. */
  kept: string;
  /** Of the workload's own unit. */
  own: string;
  /** Of that one, once it has failed. */
  failed: string;
}
