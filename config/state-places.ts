import { posix } from "node:path";
import type { ContainerConfig } from "./container-schema.ts";
import type { StateLocation } from "./rollout.ts";

/** One of the places that a workload's state is in. */
export interface StatePlace {
  from: StateLocation;
  /** Path in its container. */
  at: string;
}

/** All of them. The first is the one of `stateDirectory`. */
export type StatePlaces = readonly [StatePlace, ...StatePlace[]];

/** What belongs to a state and is mounted beside it or inside of it: the mounts with `state: true`. */
export function furtherPlaces({ mounts = [] }: Pick<ContainerConfig, "mounts">): StatePlace[] {
  return mounts.flatMap((mount) => {
    if (mount.kind === "tmpfs" || mount.state !== true) return [];
    const { kind, source, target } = mount;
    // As the platform spells it: without a slash at its end.
    const at = posix.resolve("/", target);
    return [{ from: kind === "volume" ? { volume: source } : { directory: source }, at }];
  });
}

/** The longest that the name of a folder may be, less what is put before it. */
const longestName = 240;

/** The name of a folder that stands for such a place: its path in the container, as in a URL. */
export function placeName(at: string): string {
  // restic and find read a star as any text.
  return encodeURIComponent(at).replaceAll("*", "%2A");
}

/** The path in the container that such a name stands for. */
export function pathOfPlace(name: string): string {
  return decodeURIComponent(name);
}

export function hasPlaceName(at: string): boolean {
  return placeName(at).length <= longestName;
}
