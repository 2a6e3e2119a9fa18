import { fieldOf } from "../../config/json.ts";
import type { StateLocation } from "../../config/rollout.ts";
import { OperationFailure } from "../failure.ts";
import { type JobPlace, PlaceMissing } from "../platform.ts";
import type { Cluster } from "./cluster.ts";
import type { Claim, Volume, VolumeMount } from "./objects.ts";
import { unlessGone } from "./refusal.ts";
import type { KubernetesSettings } from "./settings.ts";

/** Restic's memory of the platform: no workload's state, so it needs no claim of its own. */
const resticCache = "clawforce-restic-cache";

/** What a pod mounts for places. */
export interface Mounted {
  volumes: Volume[];
  mounts: VolumeMount[];
}

/** A claim, or a folder of it: undefined is all of it. */
export interface Place {
  claim: string;
  folder: string | undefined;
}

/** A volume is the claim of its name, a folder one in the claim that holds all folders. */
export function placeOf({ folders }: Pick<KubernetesSettings, "folders">, location: StateLocation): Place {
  return "volume" in location
    ? { claim: location.volume, folder: undefined }
    : { claim: folders, folder: location.directory.replace(/^\/+/, "") };
}

/** The same for what works beside a unit. */
export function placeOfJob(settings: Pick<KubernetesSettings, "folders">, location: StateLocation): Place {
  const isCache = "volume" in location && location.volume === resticCache;
  return placeOf(settings, isCache ? { directory: resticCache } : location);
}

/** Each claim once, however often it is mounted. */
export function mountedPlaces(
  settings: Pick<KubernetesSettings, "folders">,
  places: readonly Pick<JobPlace, "from" | "at" | "readOnly">[],
): Mounted {
  const names = new Map<string, string>();
  const mounts = places.map(({ from, at, readOnly }): VolumeMount => {
    const { claim, folder } = placeOfJob(settings, from);
    const name = names.get(claim) ?? `place-${names.size}`;
    names.set(claim, name);
    return {
      name,
      mountPath: at,
      ...(folder !== undefined && { subPath: folder }),
      ...(readOnly && { readOnly }),
    };
  });
  const volumes = [...names].map(([claimName, name]) => ({ name, persistentVolumeClaim: { claimName } }));
  return { volumes, mounts };
}

/** A pod that names a claim twice never starts: each claim keeps the first name that it has. */
export function eachClaimOnce<
  V extends { name: unknown; persistentVolumeClaim?: unknown },
  M extends { name: unknown },
>({ volumes, mounts }: { volumes: readonly V[]; mounts: readonly M[] }): { volumes: V[]; mounts: M[] } {
  const claimOf = (volume: V | undefined) => fieldOf(volume?.persistentVolumeClaim, "claimName");
  const first = (volume: V) =>
    claimOf(volume) === undefined ? volume : volumes.find((each) => claimOf(each) === claimOf(volume));
  const nameOf = (name: unknown) => {
    const volume = volumes.find((each) => each.name === name);
    return volume === undefined ? name : first(volume)?.name;
  };
  return {
    volumes: volumes.filter((volume) => first(volume) === volume),
    mounts: mounts.map((mount) => ({ ...mount, name: nameOf(mount.name) })),
  };
}

/** The claims of these places. Refuses those that are not there: a pod would wait for them without end. */
export async function claimsOf(cluster: Cluster, locations: readonly StateLocation[]): Promise<Claim[]> {
  const claims = new Set(locations.map((each) => placeOfJob(cluster.settings, each).claim));
  const all: Claim[] = [];
  for (const claim of claims) {
    const found = await findClaim(cluster, claim);
    if (found !== undefined) {
      all.push(found);
      continue;
    }
    const sentence = `the claim ${claim} is not there in the namespace ${cluster.namespace}`;
    if (claim !== cluster.settings.folders) throw new PlaceMissing(sentence);
    throw new OperationFailure(
      `${sentence}. Make it, or correct clawforce:platform.folders: it holds the snapshots.`,
    );
  }
  return all;
}

export function findClaim(cluster: Cluster, name: string): Promise<Claim | undefined> {
  return unlessGone(cluster.ask<Claim>({ path: cluster.in("v1", "persistentvolumeclaims", name) }));
}
