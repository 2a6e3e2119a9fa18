import { notKnown, reach } from "./guarded-read.ts";
import type { MountSource } from "./mount-source.ts";
import type { NotedRead, Part } from "./noted-read.ts";
import { optionSources } from "./volume-options.ts";

/** One mount of a container or a service. */
export interface DockerMount {
  /** `volumes[0]` */
  path: string;
  /** Inside the container; empty when nothing says it. */
  target: string;
  sources: readonly MountSource[];
}

const readers: Readonly<Record<string, (note: NotedRead, props: Part) => DockerMount[]>> = {
  "docker:index/container:Container": (note, props) => [
    ...note.parts(props, "volumes").map((volume) => volumeMount(note, volume)),
    ...note.parts(props, "mounts").map((mount) => typedMount(note, mount)),
  ],
  "docker:index/service:Service": (note, props) =>
    note.parts(props, "taskSpec.containerSpec.mounts").map((mount) => typedMount(note, mount)),
};

/** Whether containers of Docker's come of a type. */
export function mountsInDocker(type: string): boolean {
  return Object.hasOwn(readers, type);
}

/** All that a container or a service mounts, for every rule that asks. What can't be read is noted. */
export function dockerMountsOf(note: NotedRead, type: string, props: Part): DockerMount[] {
  return readers[type]?.(note, props) ?? [];
}

/**
 * What a volume that is a resource stands for, when its options make it a name for something else. Its driver is not
 * known before it is made, unless the program names one.
 */
export function volumeSources(note: NotedRead, volume: Part): MountSource[] {
  const isUnknown = reach(volume.value, "driver").some(({ value }) => value === notKnown);
  return optionSources(note, volume, isUnknown ? undefined : "driver", "driverOpts");
}

/** An item of `volumes`: Docker takes whatever it names, and each of them can hold state. */
function volumeMount(note: NotedRead, volume: Part): DockerMount {
  const target = note.text(volume, "containerPath") ?? "";
  const readOnly = note.flag(volume, "readOnly");
  const before = note.problems.length;
  const from = note.text(volume, "fromContainer");
  const container = { ...at(volume, "fromContainer"), kind: "container" as const };
  const sources: MountSource[] = [
    // Its `readOnly` does not reach Docker.
    ...(from === undefined ? [] : [{ ...container, text: from, readOnly: false }]),
    ...["volumeName", "hostPath"].flatMap((key) => sourceAt(note, volume, key, readOnly, "")),
  ];
  const isUnnamed = sources.length === 0 && note.problems.length === before;
  return { path: volume.path, target, sources: isUnnamed ? [unnamed(volume, target, readOnly)] : sources };
}

/** An item of `mounts`, in a container as in a service. */
function typedMount(note: NotedRead, mount: Part): DockerMount {
  const readOnly = note.flag(mount, "readOnly");
  const target = note.text(mount, "target") ?? "";
  return { path: mount.path, target, sources: typedSources(note, mount, target, readOnly) };
}

function typedSources(note: NotedRead, mount: Part, target: string, readOnly: boolean): MountSource[] {
  const type = note.needed(mount, "type");
  switch (type) {
    case "tmpfs":
    case "image":
      return [];
    case "npipe":
      return folderAt(note, mount, "stateless", readOnly);
    case "bind":
      note.needed(mount, "source");
      return folderAt(note, mount, "folder", readOnly);
    case "volume":
    case "cluster":
      return volumeTyped(note, mount, target, readOnly);
    default:
      // Whatever it is to be: what it names is looked at.
      if (type !== undefined) note.malformed(`${mount.path}.type`, "type of a mount");
      return namedSources(note, mount, readOnly);
  }
}

function volumeTyped(note: NotedRead, mount: Part, target: string, readOnly: boolean): MountSource[] {
  const before = note.problems.length;
  const sources = namedSources(note, mount, readOnly);
  return sources.length > 0 || note.problems.length > before ? sources : [unnamed(mount, target, readOnly)];
}

function namedSources(note: NotedRead, mount: Part, readOnly: boolean): MountSource[] {
  const subpath = note.text(mount, "volumeOptions.subpath") ?? "";
  const options = optionSources(note, mount, "volumeOptions.driverName", "volumeOptions.driverOptions");
  return [
    ...sourceAt(note, mount, "source", readOnly, subpath),
    ...options.map((each) => ({ ...each, readOnly: readOnly || each.readOnly })),
  ];
}

function sourceAt(
  note: NotedRead,
  from: Part,
  key: string,
  readOnly: boolean,
  subpath: string,
): MountSource[] {
  const text = note.text(from, key);
  return text === undefined ? [] : [{ ...at(from, key), kind: "source", text, subpath, readOnly }];
}

function folderAt(
  note: NotedRead,
  mount: Part,
  kind: "folder" | "stateless",
  readOnly: boolean,
): MountSource[] {
  const text = note.text(mount, "source");
  return text === undefined ? [] : [{ ...at(mount, "source"), kind, text, readOnly }];
}

function unnamed({ path }: Part, target: string, readOnly: boolean): MountSource {
  return { kind: "unnamed", target, path, readOnly };
}

function at({ path }: Part, key: string): { path: string } {
  return { path: `${path}.${key}` };
}
