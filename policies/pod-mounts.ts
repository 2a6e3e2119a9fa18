import { isObject, itemsOf, notKnown, propertiesOf } from "./guarded-read.ts";
import type { NotedRead, Part } from "./noted-read.ts";
import { normalised } from "./path-spelling.ts";
import { namespaceOf, type PodKind } from "./pod-kinds.ts";
import { mountedDirectory, nfsExport, type State } from "./state.ts";
import type { StateMount } from "./state-mount.ts";

/** What a volume of a pod is: a state and whether nobody can write it. */
interface PodVolume {
  name: string;
  part: Part;
  /** Undefined: no state, as an `emptyDir` is none. */
  state: State | undefined;
  readOnly: boolean;
}

/** Gone with the pod, or not written by it. */
const noState = [
  "emptyDir",
  "ephemeral",
  "configMap",
  "secret",
  "projected",
  "downwardAPI",
  "image",
  "gitRepo",
];

/** Of a source of storage, what does not tell which storage it is. */
const besideIdentity = ["fsType", "readOnly", "secretRef", "controllerPublishSecretRef"];

export function podMountsOf(
  read: NotedRead,
  whole: Part,
  kind: PodKind,
  provider: { props: object } | undefined,
): StateMount[] {
  const objects = kind.list ? read.parts(whole, "items") : [whole];
  return objects.flatMap((object) => {
    const pod = read.part(object, kind.pod);
    if (pod === undefined) return [];
    const before = read.problems.length;
    const namespace = namespaceOf(read, object, provider);
    const volumes = [
      ...read.parts(pod, "volumes").map((volume) => podVolume(read, volume, namespace)),
      ...templateVolumes(read, object, namespace),
    ];
    const allKnown = read.problems.length === before;
    const mounts = containersOf(read, pod)
      .flatMap((container) => containerMounts(read, container))
      .map((mount) => ({ ...mount, volume: volumes.find(({ name }) => name === mount.volume) }));
    for (const { part, volume } of mounts)
      if (volume === undefined && allKnown)
        read.malformed(`${part.path}.name`, "name of a volume of the pod");
    // Nobody can say that no container mounts it: the list of them may be another's, or not known.
    const unmounted = volumes
      .filter((volume) => mounts.every((mount) => mount.volume !== volume))
      .map((volume) => ({ ...volume, volume, below: "", container: "", before: false }));
    return [...mounts, ...unmounted].flatMap(({ part, volume, readOnly, below, container, before }) => {
      const state = volume?.state === undefined ? undefined : partOf(volume.state, below);
      if (volume === undefined || state === undefined) return [];
      const place = { path: part.path, object: object.path, container, before };
      return [{ ...place, state, readOnly: readOnly || volume.readOnly }];
    });
  });
}

interface PodContainer {
  part: Part;
  name: string;
  before: boolean;
}

function containersOf(read: NotedRead, pod: Part): PodContainer[] {
  const named = (part: Part, before: boolean) => ({
    ...{ part, before },
    name: read.text(part, "name") ?? part.path.slice(pod.path.length + 1),
  });
  return [
    ...read
      .parts(pod, "initContainers")
      .map((part) => named(part, read.text(part, "restartPolicy") !== "Always")),
    ...read.parts(pod, "containers").map((part) => named(part, false)),
    ...read.parts(pod, "ephemeralContainers").map((part) => named(part, false)),
  ];
}

function containerMounts(read: NotedRead, { part: container, name, before }: PodContainer) {
  const mounts = read.parts(container, "volumeMounts").map((part) => ({
    ...{ part, volume: read.needed(part, "name"), readOnly: read.flag(part, "readOnly") },
    // An expression names a part that only the running pod knows: it may be any.
    below: read.text(part, "subPathExpr") === undefined ? (read.text(part, "subPath") ?? "") : "",
  }));
  const devices = read.parts(container, "volumeDevices").map((part) => ({
    ...{ part, volume: read.needed(part, "name"), readOnly: false, below: "" },
  }));
  return [...mounts, ...devices].map((mount) => ({ ...mount, container: name, before }));
}

function partOf(state: State, subPath: string): State | undefined {
  if (state.kind === "container") return state;
  if (state.kind === "directory") return mountedDirectory(state.below, subPath);
  return { ...state, below: normalised(`${state.below}/${subPath}`) };
}

function podVolume(read: NotedRead, part: Part, namespace: string): PodVolume {
  const name = read.text(part, "name") ?? "";
  const source = read.entries(part).find(({ key }) => key !== "name");
  const { state, readOnly } = source === undefined ? none : sourceState(read, part, source.key, namespace);
  return { name, part, state, readOnly };
}

const none = { state: undefined, readOnly: false };

function sourceState(
  read: NotedRead,
  part: Part,
  source: string,
  namespace: string,
): { state: State | undefined; readOnly: boolean } {
  if (noState.includes(source)) return none;
  if (source !== "persistentVolumeClaim") return storageState(read, part, source);
  const claim = read.part(part, source);
  const name = claim && read.needed(claim, "claimName");
  if (claim === undefined || name === undefined) return none;
  return { state: { kind: "claim", namespace, name, below: "/" }, readOnly: read.flag(claim, "readOnly") };
}

/** A source that a volume of a pod and a PersistentVolume have alike: a directory, an export, a disk. */
export function storageState(
  read: NotedRead,
  from: Part,
  source: string,
): { state: State | undefined; readOnly: boolean } {
  const storage = read.part(from, source);
  if (storage === undefined) return none;
  const readOnly = read.flag(storage, "readOnly");
  const path = read.text(storage, "path");
  if (source === "hostPath" || source === "local") {
    const isSocket = read.text(storage, "type") === "Socket";
    return { state: path === undefined || isSocket ? undefined : mountedDirectory(path, ""), readOnly };
  }
  if (source === "nfs") return { state: nfsExport(read.text(storage, "server") ?? "", path ?? ""), readOnly };
  const isBound = source === "csi" && read.text(storage, "volumeHandle") !== undefined;
  const identity = read
    .entries(storage)
    .filter(({ key }) => (isBound ? ["driver", "volumeHandle"].includes(key) : !besideIdentity.includes(key)))
    .map(({ key, path: at, value }) => `${key}=${plainText(read, at, value)}`);
  return { state: { kind: "device", id: [source, ...identity].join(" "), below: "/" }, readOnly };
}

/** The same text for the same value. */
function plainText(read: NotedRead, path: string, value: unknown): string {
  if (value === notKnown) {
    read.unknown(path);
    return "";
  }
  if (Array.isArray(value)) {
    return `[${itemsOf(value, path)
      .map((item) => plainText(read, item.path, item.value))
      .join()}]`;
  }
  if (!isObject(value)) return String(value);
  return `{${propertiesOf(value, path)
    .map((property) => `${property.key}:${plainText(read, property.path, property.value)}`)
    .join()}}`;
}

/** `volumeClaimTemplates` of a StatefulSet: a claim of its own for each pod. */
function templateVolumes(read: NotedRead, object: Part, namespace: string): PodVolume[] {
  return read.parts(object, "spec.volumeClaimTemplates").map((part) => {
    const name = read.text(part, "metadata.name") ?? "";
    const set = read.text(object, "metadata.name") ?? "";
    const prefix = `${name}-${set}`;
    return {
      ...{ name, part, readOnly: false },
      state: { kind: "claims", namespace, prefix, below: "/" },
    };
  });
}
