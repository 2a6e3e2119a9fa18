import type Docker from "dockerode";
import type { StateLocation } from "../../config/rollout.ts";
import { OperationFailure } from "../failure.ts";
import { lookOf, type Platform } from "../platform.ts";
import { inspectContainer, isNotFound } from "./client.ts";
import { ensureImage } from "./image.ts";
import { isWithin, mountedAt, parseMountTable, type RealPlace } from "./mount-table.ts";
import { oneShotLabel, runOneShot } from "./one-shot.ts";
import { mountOf } from "./state-mount.ts";

/** A container that has a state open, or that Docker would start on it by itself. */
export interface Writer {
  name: string;
  image: string;
  /** As Docker says: "running", "paused", "exited". */
  state: string;
  /** Docker starts it again, though it was stopped: at the next start of the engine. */
  returns: boolean;
  /** "the volume bot-a-state", "the directory /srv/bot-a". */
  place: string;
}

/** Whose state it is: its container may have it open. */
type Owner = Parameters<Platform["refuseOtherWriters"]>[0];
type Mount = Docker.ContainerInfo["Mounts"][number];
type Relation = "same" | "different" | "unknown";

/** A mount of another container whose relation to the state its names do not tell. */
interface Candidate {
  container: Docker.ContainerInfo;
  mount: Mount;
  relation: Relation;
}

const active = ["running", "paused", "restarting"];

/**
 * Refuses while another container has the state open, or would be started on it by Docker itself. Asked immediately
 * before each start and each creation: two gateways on one state destroy it, and no lock stops them.
 */
export async function refuseOtherWriters(docker: Docker, owner: Owner): Promise<void> {
  const writers = await otherWriters(docker, owner);
  if (writers.length > 0) {
    throw new OperationFailure(describeWriters(writers));
  }
}

export function describeWriters(writers: readonly Writer[]): string {
  const who = writers.map(({ name, state, image, place }) => {
    const how = active.includes(state) ? state : `${state}, and Docker starts it again with the engine`;
    return `${name} (${how}; ${image}) has ${place}`;
  });
  const commands = writers.map(({ name, state, returns }) =>
    [
      ...(returns ? [`docker update --restart=no ${name}`] : []),
      ...(active.includes(state) ? [`docker stop ${name}`] : []),
    ].join(" && "),
  );
  return (
    `another container runs on the same state: ${who.join(", ")}. Two gateways on one state destroy it. ` +
    `Stop it (${commands.map((command) => `\`${command}\``).join(", ")}), then try again. ` +
    "A container that is only renamed goes on writing."
  );
}

/** All containers but the workload's own that write to its state, however they have it: by volume, folder, link or device. */
export async function otherWriters(docker: Docker, owner: Owner): Promise<Writer[]> {
  const all = await docker.listContainers({ all: true });
  const others = all.filter(
    ({ Labels, Names }) => Labels?.[oneShotLabel] === undefined && !Names.includes(`/${owner.unit}`),
  );
  const volumes = await volumesByName(docker, others);
  const found: Writing[] = [];
  for (const location of owner.state) {
    found.push(...(await writersTo(docker, owner, { location, others, volumes })));
  }
  return unique(found).map(writerOf);
}

type Writing = Candidate & { returns: boolean };

/** Those of one place of the state. */
async function writersTo(
  docker: Docker,
  owner: Owner,
  {
    location,
    others,
    volumes,
  }: {
    location: StateLocation;
    others: readonly Docker.ContainerInfo[];
    volumes: ReadonlyMap<string, boolean>;
  },
): Promise<Writing[]> {
  const own = await placeOf(docker, location);
  const candidates = others.flatMap((container) =>
    container.Mounts.map((mount) => ({ container, mount, relation: relationOf(mount, own, volumes) })),
  );
  const open = candidates.filter(({ relation }) => relation !== "different");
  const writing = await withPolicies(docker, open);
  const unknown = writing.filter(({ relation }) => relation === "unknown");
  const found = await lookAt(docker, owner, own, unknown);
  return writing.filter((each) => each.relation === "same" || found.has(each));
}

/** The state as the engine names it. */
interface Place {
  location: StateLocation;
  /** Path on the Docker host; undefined for a volume that is not there yet. */
  path: string | undefined;
  /** A volume of the engine's own kind, with its files below the engine's folder. */
  plain: boolean;
}

async function placeOf(docker: Docker, location: StateLocation): Promise<Place> {
  if ("directory" in location) {
    return { location, path: location.directory, plain: false };
  }
  try {
    const volume = await docker.getVolume(location.volume).inspect();
    return { location, path: volume.Mountpoint, plain: isPlain(volume) };
  } catch (error) {
    if (isNotFound(error)) {
      return { location, path: undefined, plain: true };
    }
    throw error;
  }
}

function isPlain({ Driver, Options }: Pick<Docker.VolumeInspectInfo, "Driver" | "Options">): boolean {
  return Driver === "local" && Object.keys(Options ?? {}).length === 0;
}

async function volumesByName(
  docker: Docker,
  containers: readonly Docker.ContainerInfo[],
): Promise<Map<string, boolean>> {
  if (!containers.some(({ Mounts }) => Mounts.some(({ Type }) => Type === "volume"))) {
    return new Map();
  }
  const { Volumes } = await docker.listVolumes();
  return new Map((Volumes ?? []).map((volume) => [volume.Name, isPlain(volume)]));
}

/** What the names say. Sockets, devices and the kernel's own folders hold no state. */
function relationOf(mount: Mount, own: Place, volumes: ReadonlyMap<string, boolean>): Relation {
  const { location, path, plain } = own;
  if (mount.RW === false || (mount.Type !== "volume" && mount.Type !== "bind")) {
    return "different";
  }
  if (mount.Type === "volume" && "volume" in location && mount.Name === location.volume) {
    return "same";
  }
  if (path === undefined || /^\/(proc|sys|dev)(\/|$)|\.sock$/.test(mount.Source)) {
    return "different";
  }
  if (mount.Type === "volume" && plain && volumes.get(mount.Name ?? "") === true) {
    return "different";
  }
  if (isWithin(mount.Source, path)) {
    return "same";
  }
  if (isWithin(path, mount.Source)) {
    return plain && isWithin(volumesFolder(path), mount.Source) ? "different" : "same";
  }
  return "unknown";
}

/** `/var/lib/docker/volumes` of `/var/lib/docker/volumes/NAME/_data`: a tool that has all volumes is not a gateway. */
function volumesFolder(path: string): string {
  return path.split("/").slice(0, -2).join("/");
}

/** Those that run, and those that Docker would start. */
async function withPolicies(docker: Docker, candidates: readonly Candidate[]): Promise<Writing[]> {
  const all = await Promise.all(
    candidates.map(async (candidate) => {
      const found = await inspectContainer(docker, candidate.container.Id);
      return { ...candidate, returns: found !== undefined && returnsByItself(found) };
    }),
  );
  return all.filter(({ container, returns }) => returns || active.includes(container.State));
}

/** `unless-stopped` leaves a container alone that a person has stopped. */
export function returnsByItself({
  HostConfig,
  State,
}: Pick<Docker.ContainerInspectInfo, "HostConfig" | "State">): boolean {
  switch (HostConfig.RestartPolicy?.Name) {
    case "always":
      return true;
    case "unless-stopped":
      return State.Status === "created";
    case "on-failure":
      return State.Running || State.ExitCode !== 0;
    default:
      return false;
  }
}

/**
 * What names do not tell: a link, a volume's folder bound by itself, a volume made with `device=`. A container with all of
 * them mounted read-only is shown by the kernel what each one really is.
 */
async function lookAt(
  docker: Docker,
  owner: Owner,
  own: Place,
  unknown: readonly Candidate[],
): Promise<Set<Candidate>> {
  let left = [...unknown];
  if (left.length === 0) {
    return new Set();
  }
  await ensureImage(docker, owner.image);
  for (;;) {
    const mounts = [
      mountOf(own.location, "/own"),
      ...left.map(({ mount }, index) => mountOf(locationOf(mount), `/candidates/${index}`)),
    ];
    try {
      const { stdout } = await runOneShot(docker, {
        workload: lookOf(owner.name),
        purpose: "look for other writers",
        image: owner.image,
        argv: ["cat", "/proc/self/mountinfo"],
        mounts,
        deadline: 60,
      });
      const table = parseMountTable(stdout);
      return new Set(
        left.filter((_, index) => isSameState(mountedAt(table, `/candidates/${index}`), table, own)),
      );
    } catch (error) {
      const missing = missingSource(error);
      if (missing === undefined) {
        throw error;
      }
      // A folder that is not there is nobody's state.
      const remaining = left.filter(({ mount }) => mount.Source !== missing);
      if (remaining.length === left.length || remaining.length === 0) {
        return new Set();
      }
      left = remaining;
    }
  }
}

function locationOf(mount: Mount): StateLocation {
  return mount.Type === "volume" ? { volume: mount.Name ?? "" } : { directory: mount.Source };
}

function missingSource(error: unknown): string | undefined {
  return /bind source path does not exist: (.+?)\s*$/.exec(
    (error as { json?: { message?: string } }).json?.message ?? "",
  )?.[1];
}

/** Whether what is mounted of a candidate is the state, within it, or around it. */
export function isSameState(
  candidate: readonly RealPlace[],
  table: readonly RealPlace[],
  { plain }: Pick<Place, "plain">,
): boolean {
  return mountedAt(table, "/own").some((own) =>
    candidate.some(({ device, path }) => {
      if (device !== own.device) {
        return false;
      }
      return (
        isWithin(path, own.path) ||
        (isWithin(own.path, path) && !(plain && isWithin(volumesFolder(own.path), path)))
      );
    }),
  );
}

function unique<T extends Candidate>(candidates: readonly T[]): T[] {
  return candidates.filter(
    ({ container }, index) => candidates.findIndex((each) => each.container.Id === container.Id) === index,
  );
}

function writerOf({ container, mount, returns }: Writing): Writer {
  return {
    name: container.Names[0]?.slice(1) ?? container.Id.slice(0, 12),
    image: container.Image,
    state: container.State,
    returns,
    place: mount.Type === "volume" ? `the volume ${mount.Name}` : `the directory ${mount.Source}`,
  };
}
