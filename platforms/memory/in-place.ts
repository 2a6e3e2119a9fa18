import { OperationFailure } from "../failure.ts";
import type { InPlace } from "../platform.ts";
import { MemoryPlatform } from "./platform.ts";

/** What the provider of such a platform says of a unit. */
export interface WantedInMemory {
  image: string;
}

/** A platform in memory whose provider changes a unit in its place: what it says of it stands in `declared`. */
export class MemoryInPlacePlatform extends MemoryPlatform {
  /** By the name of the unit. */
  readonly declared = new Map<string, WantedInMemory>();
  /** Why the provider would be refused. */
  refusal: string | undefined;

  readonly inPlace: InPlace = {
    wouldMakeAnew: async (name, wanted) => {
      await this.do(`compare ${name}`);
      if (this.refusal !== undefined) throw new OperationFailure(this.refusal);
      return (wanted as WantedInMemory).image !== this.declared.get(name)?.image;
    },
    make: async (name) => {
      await this.do(`make ${name}`);
      const declared = this.declared.get(name);
      if (declared === undefined) throw new OperationFailure(`the provider has made no ${name}`);
      this.run(name, declared.image);
    },
  };
}
