import { notKnown, reach } from "./guarded-read.ts";
import { walkedStates } from "./mount-walk.ts";
import { NotedRead, type Part, type ReadProblem } from "./noted-read.ts";
import { namespaceOf, podKinds, variantsOf } from "./pod-kinds.ts";
import { podMountsOf } from "./pod-mounts.ts";
import { mountedDirectory, mountedSource, nfsExport, normalised, type State } from "./state.ts";
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

const dockerMounts: Readonly<Record<string, (read: NotedRead, props: Part) => StateMount[]>> = {
  "docker:index/container:Container": (read, props) => [
    ...read.parts(props, "volumes").flatMap((volume) => volumeMounts(read, volume)),
    ...read.parts(props, "mounts").flatMap((mount) => typedMounts(read, mount)),
  ],
  "docker:index/service:Service": (read, props) =>
    read.parts(props, "taskSpec.containerSpec.mounts").flatMap((mount) => typedMounts(read, mount)),
};

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
  const mapped = dockerMounts[type];
  if (mapped !== undefined) return mapped(read, whole);
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
  return Object.hasOwn(dockerMounts, type) || podKinds.has(type);
}

/** An item of `volumes`: Docker takes whatever it names, and each of them can hold state. */
function volumeMounts(read: NotedRead, volume: Part): StateMount[] {
  const target = read.text(volume, "containerPath");
  const readOnly = read.flag(volume, "readOnly");
  const before = read.problems.length;
  const from = read.text(volume, "fromContainer");
  const sources = [read.text(volume, "volumeName"), read.text(volume, "hostPath")];
  // Its `readOnly` does not reach Docker.
  if (from !== undefined) return [dockerMount(volume, { kind: "container", name: from }, false)];
  const states = sources.map((source) => (source === undefined ? undefined : mountedSource(source, "")));
  const isUnnamed = sources.every((source) => source === undefined) && read.problems.length === before;
  return [...states, isUnnamed ? anonymous(target) : undefined].flatMap((state) =>
    state === undefined ? [] : [dockerMount(volume, state, readOnly)],
  );
}

/** An item of `mounts`, in a container as in a service. */
function typedMounts(read: NotedRead, mount: Part): StateMount[] {
  const readOnly = read.flag(mount, "readOnly");
  return typedStates(read, mount).flatMap((state) =>
    state === undefined ? [] : [dockerMount(mount, state, readOnly)],
  );
}

function typedStates(read: NotedRead, mount: Part): (State | undefined)[] {
  const type = read.needed(mount, "type");
  if (type === undefined || ["tmpfs", "npipe", "image"].includes(type)) return [];
  if (type === "bind") {
    const source = read.needed(mount, "source");
    return source === undefined ? [] : [mountedDirectory(source, "")];
  }
  if (type !== "volume" && type !== "cluster") {
    read.malformed(`${mount.path}.type`);
    return [];
  }
  const before = read.problems.length;
  const source = read.text(mount, "source");
  const device = deviceOf(read, mount, inMount);
  const subpath = read.text(mount, "volumeOptions.subpath") ?? "";
  if (source !== undefined) return [mountedSource(source, subpath), device];
  if (device !== undefined || read.problems.length > before) return [device];
  return [anonymous(read.text(mount, "target"))];
}

function anonymous(target: string | undefined): State {
  return { kind: "anonymous", below: normalised(target ?? "") };
}

function dockerMount({ path }: Part, state: State, readOnly: boolean): StateMount {
  return { path, state, readOnly, object: "", container: "", before: false };
}

const inMount = { driver: "volumeOptions.driverName", options: "volumeOptions.driverOptions" };
const inVolume = { driver: "driver", options: "driverOpts" };

/**
 * What a volume that is a resource stands for, when its options make it a name for something else. Its driver is not
 * known before it is made, unless the program names one.
 */
export function volumeDevice(read: NotedRead, volume: Part): State | undefined {
  const isUnnamed = reach(volume.value, inVolume.driver).some(({ value }) => value === notKnown);
  return deviceOf(read, volume, isUnnamed ? { ...inVolume, driver: "" } : inVolume);
}

/** Only Docker's own driver says in its options where it keeps a volume. */
function deviceOf(read: NotedRead, from: Part, { driver, options }: typeof inMount): State | undefined {
  const isLocal = driver === "" || (read.text(from, driver) ?? "local") === "local";
  const device = read.text(from, `${options}.device`);
  const type = read.text(from, `${options}.type`) ?? "none";
  const words = (read.text(from, `${options}.o`) ?? "").split(",").map((word) => word.trim());
  if (!isLocal || device === undefined || type === "tmpfs") return undefined;
  if (words.includes("bind") || words.includes("rbind")) return mountedDirectory(device, "");
  if (!type.startsWith("nfs")) return { kind: "device", id: "disk", below: normalised(device) };
  const address = words.find((word) => word.startsWith("addr="))?.slice("addr=".length) ?? "";
  const [, server = "", share = device] = /^([^/:]*):(.*)$/.exec(device) ?? [];
  return nfsExport(server === "" ? address : server, share);
}
