/** What a mount gives a way to, as Docker takes it. */
export type MountedThing =
  /** The source of a mount: Docker takes a path for a directory, and any other text for the name of a volume. */
  | { kind: "source"; text: string; subpath: string }
  /** A directory or file of the host. */
  | { kind: "folder"; text: string }
  /** What a driver is told of that may be a folder of the host, or not. */
  | { kind: "told"; text: string }
  /** A folder of the host that has no state: what its kernel shows as files, a pipe of Windows. */
  | { kind: "stateless"; text: string }
  | { kind: "disk"; text: string }
  | { kind: "nfs" | "cifs"; server: string; share: string }
  /** All that another container mounts. */
  | { kind: "container"; text: string }
  /** A volume of this container alone. */
  | { kind: "unnamed"; target: string };

/** One thing that a mount gives a way to. */
export type MountSource = MountedThing & {
  /** Where it stands: `volumes[0].hostPath`. */
  path: string;
  readOnly: boolean;
};
