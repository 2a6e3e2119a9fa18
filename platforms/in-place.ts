import type { Displaced, WantedUnit } from "./displaced.ts";

/**
 * Of a platform whose provider changes a unit in its place and starts nothing. Between `remove` and `make` the unit counts
 * as gone, whatever of it the platform still has.
 */
export interface InPlace {
  /**
   * Whether these inputs of the provider make the unit anew. Asks the platform itself, so it fails before anything is
   * stopped where the provider would be refused.
   */
  wouldMakeAnew(name: string, wanted: unknown): Promise<boolean>;
  /** The same question of a unit of somebody else's, which is made anew whatever it is. Only fails. */
  refuseChange(name: string, wanted: unknown): Promise<void>;
  /** What of a unit of somebody else's can't be changed into the workload's own, as sentences with what to do. */
  unfit(name: string, wanted: WantedUnit): Promise<string[]>;
  /**
   * Keeps what a stopped unit of somebody else's is like, for `putBack`, and takes it out of the hands of who has made it.
   *
   * @returns what to know of that, as sentences.
   */
  keep(unit: Pick<Displaced, "id" | "name">): Promise<string[]>;
  /** Starts what the provider has made of it, and waits until it is healthy. Seconds. */
  make(name: string, deadline: number): Promise<void>;
}
