import type { Displaced } from "../displaced.ts";
import { OperationFailure } from "../failure.ts";
import type { InPlace } from "../in-place.ts";
import type { Unit } from "../platform.ts";
import { MemoryPlatform } from "./platform.ts";

/** What the provider of such a platform says of a unit. */
export interface WantedInMemory {
  image: string;
}

/** A platform in memory whose provider changes a unit in its place: what it says of it stands in `declared`. */
export class MemoryInPlacePlatform extends MemoryPlatform {
  /** By the name of the unit. */
  readonly declared = new Map<string, WantedInMemory>();
  /** What can't be changed of a unit of somebody else's. */
  unfit: string[] = [];
  /** Why the provider would be refused. */
  refusal: string | undefined;

  /** Units of somebody else's as they were, by their names. */
  readonly #kept = new Map<string, Unit>();

  /** It is the same one, under the same name. */
  override async putBack({ name }: Displaced): Promise<void> {
    await this.do(`put ${name} back`);
    const unit = this.#kept.get(name);
    if (unit !== undefined) this.units.set(name, unit);
    this.#kept.delete(name);
  }

  readonly inPlace: InPlace = {
    wouldMakeAnew: async (name, wanted) => {
      await this.do(`compare ${name}`);
      if (this.refusal !== undefined) throw new OperationFailure(this.refusal);
      return (wanted as WantedInMemory).image !== this.declared.get(name)?.image;
    },
    refuseChange: async (name) => {
      await this.do(`compare ${name}`);
      if (this.refusal !== undefined) throw new OperationFailure(this.refusal);
    },
    unfit: async () => this.unfit,
    keep: async ({ name }) => {
      await this.do(`keep what ${name} is like`);
      const unit = this.units.get(name);
      if (unit !== undefined) this.#kept.set(name, unit);
      return [`what ${name} is like is kept`];
    },
    make: async (name) => {
      await this.do(`make ${name}`);
      const declared = this.declared.get(name);
      if (declared === undefined) throw new OperationFailure(`the provider has made no ${name}`);
      this.run(name, declared.image);
    },
  };
}
