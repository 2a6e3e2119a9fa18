import { hostPathOf } from "./path-spelling.ts";
import type { Inspection } from "./privilege.ts";
import { quoted } from "./verdict.ts";

/** Where container engines listen, by the last part of the path. */
const engineSockets = new Set([
  "buildkitd.sock",
  "containerd.sock",
  "containerd.sock.ttrpc",
  "cri-dockerd.sock",
  "crio.sock",
  "docker.sock",
  "dockershim.sock",
  "podman.sock",
]);

/** Folders in which an engine has its socket, with all above them. */
const engineFolders = [
  /^\/$/,
  /^\/run$/,
  /^\/run\/(buildkit|containerd|crio|docker|k3s|podman)(\/|$)/,
  /^\/run\/user(\/\d+(\/(docker|podman))?)?$/,
];

/** Folders by which a host is taken over or its secrets are read. */
const sensitiveFolders = [
  /^\/(bin|boot|dev|etc|lib|lib32|lib64|proc|sbin|sys|usr)(\/|$)/,
  /^\/run\/(dbus|systemd)(\/|$)/,
  /^\/var\/(lib\/)?(containerd|containers|docker|kubelet|rancher)(\/|$)/,
  /^\/var\/spool\/cron(\/|$)/,
  /^\/(home|home\/[^/]+|root|var|var\/lib)$/,
  /\/\.(aws|docker|gnupg|kube|ssh)(\/|$)/,
];

/** Nothing to learn from them. */
const harmlessToRead = [
  /^\/etc\/(localtime|timezone)$/,
  /^\/etc\/(ca-certificates|pki|ssl\/certs)(\/|$)/,
  /^\/usr\/share\/(ca-certificates|zoneinfo)(\/|$)/,
];

export function isEngineSocket(path: string): boolean {
  const known = hostPathOf(path).toLowerCase();
  return engineSockets.has(known.slice(known.lastIndexOf("/") + 1)) || isEnginePipe(known);
}

/** On Windows: `//./pipe/docker_engine`. */
function isEnginePipe(path: string): boolean {
  return /^\/pipe\/(docker_engine|containerd-containerd|podman)/.test(path);
}

/** A path of the host inside a container. */
export interface HostMount {
  /** Where the host's path stands. */
  path: string;
  source: string;
  /** Inside the container; empty when nothing says it. */
  target: string;
  readOnly: boolean;
}

/** Says what a mount of the host gives away. @param mayHaveSocket - it is the control plane's. */
export function inspectMount(inspection: Inspection, mount: HostMount, mayHaveSocket: boolean): void {
  const { path, source, target, readOnly } = mount;
  if (isEngineSocket(source) || isEngineSocket(target)) {
    if (!mayHaveSocket) inspection.report("engineSocket", path, socketTold(source, "is"));
    return;
  }
  if (!isAbsolute(source)) return;
  const folder = hostPathOf(source);
  if (engineFolders.some((each) => each.test(folder))) {
    inspection.report("engineSocket", path, socketTold(source, "holds"));
  } else if (sensitiveFolders.some((each) => each.test(folder))) {
    if (!readOnly) inspection.report("hostFolder", path, folderTold(source, "can write"));
    else if (!harmlessToRead.some((each) => each.test(folder)))
      inspection.report("hostFolderRead", path, folderTold(source, "can read"));
  }
}

/** A name that is none of these is a volume's. */
function isAbsolute(source: string): boolean {
  return /^\s*[/\\]/.test(source);
}

function socketTold(source: string, verb: "is" | "holds") {
  return {
    what: `the mount of ${quoted(source)} ${verb} the socket of a container engine`,
    why: "whoever talks to the engine is root on its host, and on every instance there",
    write: "no such mount; the control plane's container alone has the socket",
  };
}

function folderTold(source: string, can: "can write" | "can read") {
  return {
    what: `the container ${can} ${quoted(source)} of its host`,
    why:
      can === "can write"
        ? "whoever writes there can take the host over"
        : "the host's own settings and secrets are there",
    write: "a volume, or a folder that belongs to this container alone, such as one below /srv",
  };
}
