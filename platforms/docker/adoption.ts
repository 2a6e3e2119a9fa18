import { isKeptName } from "../../config/kept-container.ts";
import { type AdoptedSettings, type Adoption, NotAdoptable, type PlaceLines } from "../adoption.ts";
import { managingControlPlane } from "../clawforce/recognise.ts";
import type { UnitCondition } from "../platform.ts";
import {
  type AdoptionQuestion,
  adoptedSettings,
  type Inspected,
  type InspectedImage,
} from "./adopted-settings.ts";
import { stackLabel } from "./foreign-container.ts";
import { withDigest } from "./known-digest.ts";
import { isWithin, withoutSlash } from "./mount-table.ts";
import { isEndless, unitOfContainer } from "./unit.ts";

/** Enough for what the check of a log reads after a start, and no disk's trouble. */
const rotation = { "max-size": "50m", "max-file": "3" };

export function adoptionOf(found: Inspected, image: InspectedImage, asked: AdoptionQuestion): Adoption {
  const container = found.Name.replace(/^\//, "");
  const labels = found.Config.Labels ?? {};
  refuseManaged(container, labels);
  refuseKept(container);
  const state = stateOf(container, found, asked);
  const project = labels["com.docker.compose.project"];
  const service = labels["com.docker.compose.service"] ?? container;
  const instance = instanceName(container);
  const read = adoptedSettings(found, image, asked);
  const settings = isEndless(found.HostConfig.LogConfig)
    ? { ...read.settings, logging: { options: rotation } }
    : read.settings;
  return {
    ...{ container, instance, state, image: withDigest(found.Config.Image, image.RepoDigests ?? []) },
    startedWith: found.Config.Image,
    ...read,
    settings,
    notes: [...notesOf(container, instance, found), ...stateNotes(read)],
    condition: conditionOf(found),
    ...(project !== undefined && { compose: { project, service } }),
  };
}

function refuseManaged(container: string, labels: Readonly<Record<string, string>>): void {
  const manager = managingControlPlane(labels);
  const stack = labels[stackLabel];
  if (manager !== undefined) {
    throw new NotAdoptable(
      `${container} is an instance of the control plane ${manager}, which makes its container again by itself. Write it into a group with \`managed: true\`.`,
    );
  }
  if (stack !== undefined) {
    throw new NotAdoptable(`${container} belongs to the stack ${stack} already. There is nothing to adopt.`);
  }
}

/** Compose's labels are on it for good. */
function refuseKept(container: string): void {
  if (isKeptName(container)) {
    throw new NotAdoptable(
      `${container} is what an adoption has kept. There is nothing to adopt. Remove it once you do not need it any more: \`docker rm ${container}\`.`,
    );
  }
}

function stateOf(
  container: string,
  { Mounts }: Inspected,
  { stateDirectory: path, files }: AdoptionQuestion,
): Adoption["state"] {
  if (files?.has(withoutSlash(path))) {
    throw new NotAdoptable(
      `${container} has a single file at ${path}, and only a folder or a volume can be its state. Name the one with the state with --state-directory.`,
    );
  }
  const mount = Mounts.find(({ Destination }) => withoutSlash(Destination) === withoutSlash(path));
  if (mount?.Type === "volume" && mount.Name !== undefined) return { volume: mount.Name };
  if (mount?.Type === "bind") return { directory: mount.Source };
  const others = Mounts.map(({ Destination }) => Destination);
  throw new NotAdoptable(
    `${container} has no volume or folder at ${path}, so its state would be lost with the container. ` +
      (others.length === 0
        ? "Copy its state into a volume first, with `docker cp`."
        : `It has something at ${others.join(", ")}: name the one with the state with --state-directory.`),
  );
}

function instanceName(container: string): string {
  return container
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .slice(0, 63)
    .replace(/^-+|-+$/g, "");
}

function notesOf(
  container: string,
  instance: string,
  { Config, HostConfig, NetworkSettings }: Inspected,
): string[] {
  const labels = Config.Labels ?? {};
  return [
    ...(instance === container
      ? []
      : [
          `Its instance is called ${instance}, because ${container} is no name of an instance. The container keeps its name.`,
        ]),
    ...(isEndless(HostConfig.LogConfig)
      ? [
          `The log of ${container} grows without an end. The lines give the new container a log of ${rotation["max-file"]} files of ${rotation["max-size"]} at most.`,
        ]
      : []),
    ...(NetworkSettings.Networks?.bridge === undefined
      ? []
      : [
          `${container} is in Docker's default network \`bridge\`. The new container gets the network \`clawforce\` in its place.`,
        ]),
    ...(labels["com.centurylinklabs.watchtower.enable"] === "true"
      ? [
          `Watchtower updates ${container} by itself. Take it out there, or it replaces the new container too.`,
        ]
      : []),
  ];
}

function stateNotes({ mounts = [] }: AdoptedSettings): string[] {
  return mounts.map(
    ({ target }) =>
      `What is mounted at ${target} is taken for state of this gateway alone: snapshots have it, and a restore sets it back.`,
  );
}

/** What two of them have outside of their states is nobody's own: it is taken over as a mount that is no state. */
export function withoutSharedPlaces(
  adoptions: readonly Adoption[],
  { stateDirectory }: AdoptionQuestion,
): Adoption[] {
  const all = adoptions.flatMap(({ mounts = [] }) => mounts);
  const isShared = ({ kind, source, target }: PlaceLines) =>
    !isWithin(target, stateDirectory) &&
    all.filter((each) => each.kind === kind && each.source === source).length > 1;
  return adoptions.map((adoption) => {
    const { mounts = [], settings, notes, ...others } = adoption;
    const shared = mounts.filter(isShared);
    if (shared.length === 0) return adoption;
    const own = mounts.filter((each) => !isShared(each));
    const plain = shared.map(({ state: _, ...mount }) => mount);
    const before = stateNotes(adoption);
    return {
      ...others,
      ...(own.length > 0 && { mounts: own }),
      settings: { ...settings, mounts: [...((settings.mounts ?? []) as object[]), ...plain] },
      notes: [
        ...notes.filter((note) => !before.includes(note)),
        ...stateNotes({ ...adoption, mounts: own }),
        ...plain.map(
          ({ source, target }) =>
            `What is mounted at ${target} (${source}) is another gateway's too: it is in no snapshot. Back it up yourself.`,
        ),
      ],
    };
  });
}

/** Without its environment, which has secrets. */
function conditionOf(found: Inspected): UnitCondition {
  const { status, running, paused, health, temporary, managedBy } = unitOfContainer(found);
  return {
    ...{ status, running, paused, health },
    ...(temporary && { temporary }),
    ...(managedBy !== undefined && { managedBy }),
  };
}
