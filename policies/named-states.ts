import type { PolicyResource } from "@pulumi/policy";
import { volumeSources } from "./docker-mounts.ts";
import { notKnown, read } from "./guarded-read.ts";
import type { NotedRead, Part } from "./noted-read.ts";
import { normalised } from "./path-spelling.ts";
import { namespaceOf, variantsOf } from "./pod-kinds.ts";
import { storageState } from "./pod-mounts.ts";
import type { State } from "./state.ts";
import { stateOfSource } from "./state-mounts.ts";
import { spacesOf } from "./state-overlaps.ts";

export const volumeType = "docker:index/volume:Volume";
export const claimTypes = variantsOf("kubernetes:core/v1:PersistentVolumeClaim");
export const storageTypes = variantsOf("kubernetes:core/v1:PersistentVolume");

/** A resource that says what is behind the name of a state. */
export interface NamedState {
  resource: PolicyResource;
  /** `items[1]` of a list; empty: the resource itself. */
  object: string;
  /** The state by its name. */
  state: State;
  /** What the name stands for, where the resource says so. */
  behind: readonly State[];
  /** Nobody can write it by this name. */
  readOnly: boolean;
}

/** The names that a resource gives: none, where it is no volume and no claim. */
export function namedStates(noted: NotedRead, resource: PolicyResource): NamedState[] {
  const whole = { path: "", value: resource.props };
  if (resource.type === volumeType) return volumeStates(noted, resource, whole);
  const isClaim = claimTypes.includes(resource.type);
  if (!isClaim && !storageTypes.includes(resource.type)) return [];
  const objects = resource.type.endsWith("List") ? noted.parts(whole, "items") : [whole];
  return objects.flatMap((object) =>
    isClaim ? claimState(noted, resource, object) : storageStates(noted, resource, object),
  );
}

function volumeStates(noted: NotedRead, resource: PolicyResource, volume: Part): NamedState[] {
  const name = noted.text(volume, "name");
  // What it only reads is not written by its name either.
  const sources = volumeSources(noted, volume).filter(({ readOnly }) => !readOnly);
  // Unknown until the volume is made; Docker's usual place is taken for it then.
  const mountpoint = read(volume.value, "mountpoint");
  if (name === undefined) return [];
  const directory: State[] =
    typeof mountpoint === "string" && mountpoint !== ""
      ? [{ kind: "directory", below: normalised(mountpoint) }]
      : [];
  const state: State = { kind: "volume", name, below: "/" };
  const behind = [...sources.flatMap((source) => stateOfSource(source) ?? []), ...directory];
  return [{ resource, object: "", state, behind, readOnly: false }];
}

function claimState(noted: NotedRead, resource: PolicyResource, object: Part): NamedState[] {
  const name = noted.text(object, "metadata.name");
  if (name === undefined) return [];
  const namespace = namespaceOf(noted, object, resource.provider);
  const storage = noted.text(object, "spec.volumeName");
  const behind = storage === undefined ? [] : [storageNamed(storage)];
  const state: State = { kind: "claim", namespace, name, below: "/" };
  return [{ resource, object: object.path, state, behind, readOnly: false }];
}

function storageStates(noted: NotedRead, resource: PolicyResource, object: Part): NamedState[] {
  const name = noted.text(object, "metadata.name");
  const spec = noted.part(object, "spec");
  if (name === undefined || spec === undefined) return [];
  const sources = noted
    .entries(spec)
    .filter(({ key, value }) => !besideSources.includes(key) && value !== notKnown);
  const storages = sources.map(({ key }) => storageState(noted, spec, key));
  const behind = storages.flatMap(({ state }) => (state === undefined ? [] : [state]));
  const readOnly = storages.length > 0 && storages.every((storage) => storage.readOnly);
  const state = storageNamed(name);
  const claim = noted.text(spec, "claimRef.name");
  const namespace = noted.text(spec, "claimRef.namespace") ?? "default";
  const named = { resource, object: object.path, behind, readOnly };
  return [
    { ...named, state },
    ...(claim === undefined
      ? []
      : [
          {
            ...named,
            state: { kind: "claim" as const, namespace, name: claim, below: "/" },
            behind: [state],
          },
        ]),
  ];
}

function storageNamed(name: string): State {
  return { kind: "device", id: `PersistentVolume ${name}`, below: "/" };
}

/** What a PersistentVolume says beside its source. */
export const besideSources: readonly string[] = [
  "accessModes",
  "capacity",
  "claimRef",
  "mountOptions",
  "nodeAffinity",
  "persistentVolumeReclaimPolicy",
  "storageClassName",
  "volumeAttributesClassName",
  "volumeMode",
];

/** What names stand for, by the name. */
export class BehindNames {
  readonly #behind = new Map<string, State[]>();

  constructor(names: readonly NamedState[]) {
    for (const { state, behind } of names) {
      for (const space of spacesOf(state).found) {
        this.#behind.set(space, [...(this.#behind.get(space) ?? []), ...behind]);
      }
    }
  }

  placesOf(states: readonly State[]): State[] {
    const places = new Map<string, State>();
    const add = (state: State, depth: number) => {
      const key = JSON.stringify(state);
      if (places.has(key) || depth > depthLimit || state.kind === "container") return;
      places.set(key, state);
      const behind = spacesOf(state).asked.flatMap((space) => this.#behind.get(space) ?? []);
      if (state.kind === "volume") behind.push(usualDirectory(state.name));
      for (const next of behind) add(inside(next, state.below), depth + 1);
    };
    for (const state of states) add(state, 0);
    return [...places.values()];
  }
}

function inside(state: State, below: string): State {
  return state.kind === "container" ? state : { ...state, below: normalised(`${state.below}/${below}`) };
}

/** Where Docker keeps a volume unless its daemon is told otherwise. */
function usualDirectory(volume: string): State {
  return { kind: "directory", below: `/var/lib/docker/volumes/${volume}/_data` };
}

/** Names behind names; a volume whose directory is inside of itself has no end of them. */
const depthLimit = 8;
