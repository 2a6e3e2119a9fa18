import { lineageOf } from "./path-spelling.ts";
import type { State } from "./state.ts";

/** Finds what overlaps: the same place, or one below the other. */
export class Overlaps<Item extends { places: readonly State[] }> {
  readonly #at = new Map<string, Item[]>();
  readonly #below = new Map<string, Item[]>();

  constructor(items: readonly Item[]) {
    for (const item of items) {
      for (const place of item.places) {
        const below = partOf(place);
        for (const space of spacesOf(place).found) {
          added(this.#at, `${space} ${below}`, item);
          for (const above of lineageOf(below)) added(this.#below, `${space} ${above}`, item);
        }
      }
    }
  }

  /** Those whose place overlaps one of an item's, itself among them. */
  of({ places }: Item): Set<Item> {
    const found = new Set<Item>();
    for (const place of places) {
      const below = partOf(place);
      for (const space of spacesOf(place).asked) {
        for (const item of this.#below.get(`${space} ${below}`) ?? []) found.add(item);
        for (const above of lineageOf(below)) {
          for (const item of this.#at.get(`${space} ${above}`) ?? []) found.add(item);
        }
      }
    }
    return found;
  }
}

/** The mounts of a container that nobody knows are not told by a path. */
function partOf(place: State): string {
  return "below" in place ? place.below : "/";
}

function added<Item>(index: Map<string, Item[]>, key: string, item: Item): void {
  const before = index.get(key);
  if (before === undefined) index.set(key, [item]);
  else before.push(item);
}

/** Where a state is found by others, and where it finds others: a template's claims have no names of their own. */
export function spacesOf(state: State): { found: string[]; asked: string[] } {
  const both = (space: string) => ({ found: [space], asked: [space] });
  switch (state.kind) {
    case "volume":
      return both(`volume ${state.name}`);
    case "device":
      return both(`device ${state.id}`);
    case "claim": {
      const [, prefix] = /^(.+)-\d+$/.exec(state.name) ?? [];
      const { found } = both(`claim ${state.namespace}/${state.name}`);
      if (prefix === undefined) return { found, asked: found };
      const set = `${state.namespace}/${prefix}`;
      return { found: [...found, `member ${set}`], asked: [...found, `set ${set}`] };
    }
    case "claims": {
      const set = `${state.namespace}/${state.prefix}`;
      return { found: [`set ${set}`], asked: [`set ${set}`, `member ${set}`] };
    }
    case "container":
      return both(`container ${state.name}`);
    default:
      return both(state.kind);
  }
}
