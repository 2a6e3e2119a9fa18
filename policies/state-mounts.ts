import { type DockerMount, dockerMountsOf, mountsInDocker } from "./docker-mounts.ts";
import type { MountSource } from "./mount-source.ts";
import { walkedStates } from "./mount-walk.ts";
import { NotedRead, type Part, type ReadProblem } from "./noted-read.ts";
import { normalised } from "./path-spelling.ts";
import { namespaceOf, podKinds, variantsOf } from "./pod-kinds.ts";
import { podMountsOf } from "./pod-mounts.ts";
import { cifsShare, mountedDirectory, mountedSource, nfsExport, type State } from "./state.ts";
import type { StateMount } from "./state-mount.ts";

/** All state that a resource mounts. What can't be read is a problem, never passed over. */
export interface MountedState {
  mounts: readonly StateMount[];
  problems: readonly ReadProblem[];
}

interface MountingResource {
  type: string;
  props: object;
  /** As it is in a stack; its `namespace` counts where an object of Kubernetes names none. */
  provider?: { props: object } | undefined;
}

/** What a resource mounts that outlives its containers, or is meant to. */
export function stateMountsOf({ type, props, provider }: MountingResource): MountedState {
  const read = new NotedRead();
  const whole = { path: "", value: props };
  return { mounts: mountsOf(read, type, whole, provider), problems: read.problems };
}

function mountsOf(
  read: NotedRead,
  type: string,
  whole: Part,
  provider: MountingResource["provider"],
): StateMount[] {
  const pod = podKinds.get(type);
  if (pod !== undefined) return podMountsOf(read, whole, pod, provider);
  if (mountsInDocker(type)) return dockerMountsOf(read, type, whole).flatMap(dockerStates);
  if (!type.startsWith("kubernetes:") || namedKinds.includes(type)) return [];
  // A Helm release has its namespace beside its values.
  const namespace = read.text(whole, "namespace") ?? namespaceOf(read, whole, provider);
  return walkedStates(read, whole, namespace).map((found) => ({
    ...{ ...found, object: "", container: "", before: false },
  }));
}

/** Kinds that give a name to a state and mount none. */
const namedKinds = ["PersistentVolume", "PersistentVolumeClaim"].flatMap((kind) =>
  variantsOf(`kubernetes:core/v1:${kind}`),
);

/** Whether a type says how many of it run, and how one follows another. */
export function runsContainers(type: string): boolean {
  return mountsInDocker(type) || podKinds.has(type);
}

function dockerStates({ path, sources }: DockerMount): StateMount[] {
  return sources.flatMap((source) => {
    const state = stateOfSource(source);
    const { readOnly } = source;
    return state === undefined ? [] : [{ path, state, readOnly, object: "", container: "", before: false }];
  });
}

/** The state that a thing is; undefined: none. */
export function stateOfSource(source: MountSource): State | undefined {
  switch (source.kind) {
    case "source":
      return mountedSource(source.text, source.subpath);
    case "folder":
      return mountedDirectory(source.text, "");
    case "disk":
      return { kind: "device", id: "disk", below: normalised(source.text) };
    case "nfs":
      return nfsExport(source.server, source.share);
    case "cifs":
      return cifsShare(source.server, source.share);
    case "container":
      return { kind: "container", name: source.text };
    case "unnamed":
      return { kind: "anonymous", below: normalised(source.target) };
    default:
      return undefined;
  }
}
