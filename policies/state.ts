import { isEngineSocket } from "./host-path.ts";
import { isWindowsPath, keptPathOf, normalised } from "./path-spelling.ts";

/** A state by its canonical identity: who has the same identity has the same state. */
export type State =
  /** A named volume of Docker, and the part of it that is mounted. */
  | { kind: "volume"; name: string; below: string }
  /** A directory or file of a host. */
  | { kind: "directory"; below: string }
  | { kind: "claim"; namespace: string; name: string; below: string }
  /** Those that a StatefulSet makes of a template, one for each pod: `<prefix>-0`, `<prefix>-1`. */
  | { kind: "claims"; namespace: string; prefix: string; below: string }
  /** Anything else that storage is named by: an NFS export, a disk of a cloud. */
  | { kind: "device"; id: string; below: string }
  /** A volume without a name: of this container alone, and gone with it. */
  | { kind: "anonymous"; below: string }
  /** All that another container of Docker mounts, by that one's name or id. */
  | { kind: "container"; name: string };

/** As messages name it. */
export function stateText(state: State): string {
  switch (state.kind) {
    case "volume":
      return `volume ${JSON.stringify(state.name)}${partText(state.below)}`;
    case "directory":
      return `directory ${JSON.stringify(state.below)}`;
    case "claim":
      return `claim ${JSON.stringify(`${state.namespace}/${state.name}`)}${partText(state.below)}`;
    case "claims":
      return `claims ${JSON.stringify(`${state.namespace}/${state.prefix}-…`)}${partText(state.below)}`;
    case "device":
      return `storage ${JSON.stringify(state.id)}${partText(state.below)}`;
    case "anonymous":
      return `a volume without a name at ${JSON.stringify(state.below)}`;
    case "container":
      return `the mounts of container ${JSON.stringify(state.name)}`;
  }
}

function partText(below: string): string {
  return below === "/" ? "" : ` below ${JSON.stringify(below)}`;
}

/** Docker keeps the content of a volume in such a directory, wherever its data root is. */
const volumeDirectory = /^.*\/volumes\/([^/]+)\/_data(\/.*)?$/;

/**
 * What Docker makes of the source of a mount: a path is a directory, also where a volume's name is asked for, and any
 * other text names a volume, also where a path is asked for. Undefined: no state.
 */
export function mountedSource(source: string, subpath: string): State | undefined {
  if (!isPath(source)) return { kind: "volume", name: source, below: normalised(subpath) };
  return mountedDirectory(source, subpath);
}

/** A directory of a host; the inside of a volume is that volume. Undefined: no state. */
export function mountedDirectory(directory: string, subpath: string): State | undefined {
  const path = keptPathOf(`${directory}/${subpath}`);
  if (isNoState(path)) return undefined;
  const [, volume, below = "/"] = volumeDirectory.exec(path) ?? [];
  return volume === undefined
    ? { kind: "directory", below: path }
    : { kind: "volume", name: volume, below: normalised(below) };
}

function isPath(source: string): boolean {
  return /^[/.~\\]/.test(source) || isWindowsPath(source);
}

/** The socket of an engine, which is judged for what it allows, and what the kernel shows as files. */
function isNoState(path: string): boolean {
  return isEngineSocket(path) || /^\/(proc|sys)(\/|$)/.test(path);
}

/** Names of servers are the same in any case. */
export function nfsExport(server: string, path: string): State {
  return { kind: "device", id: `nfs ${server.toLowerCase()}`, below: normalised(path) };
}

/** A share of Windows, which takes names in any case. */
export function cifsShare(server: string, share: string): State {
  const path = share.replaceAll("\\", "/").toLowerCase();
  return { kind: "device", id: `cifs ${server.toLowerCase()}`, below: normalised(path) };
}
