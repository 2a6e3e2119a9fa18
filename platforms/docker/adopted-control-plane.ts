import type Docker from "dockerode";
import { controlPlaneContainer } from "../../config/container-schema.ts";
import { externalDatabase, externalDatabaseText } from "../../config/external-database.ts";
import { name as workloadName } from "../../config/fields.ts";
import {
  type ControlPlaneAdoption,
  controlPlaneKinds,
  type ManagedContainer,
  NotAdoptable,
  type Place,
  withSecretNames,
} from "../adoption.ts";
import { managingControlPlane } from "../clawforce/recognise.ts";
import type { DockerHost } from "./access.ts";
import { noContainer } from "./adoptable.ts";
import { withAliases } from "./adopted-networks.ts";
import {
  goneImage,
  healthOf,
  type Inspected,
  type InspectedImage,
  variablesOf,
  type WithHealth,
} from "./adopted-settings.ts";
import { adoptionOf } from "./adoption.ts";
import { dockerClient, inspectContainer, unreachableHost } from "./client.ts";
import { socketInside } from "./control-plane-socket.ts";
import { inspectImage } from "./image.ts";
import { isWithin, withoutSlash } from "./mount-table.ts";

const usual = controlPlaneContainer.parse({});

/** Reads only. Throws a NotAdoptable, or an error that says that the host does not answer. */
export async function adoptableControlPlane(
  platform: DockerHost,
  name: string,
  asked: { stateDirectory?: string; port?: number },
  /** The secrets that the stack has already, by their names. */
  takenSecrets: readonly string[],
): Promise<ControlPlaneAdoption> {
  const docker = dockerClient(platform.host, platform);
  try {
    const found = await inspectContainer(docker, name);
    if (found === undefined) throw new NotAdoptable(noContainer(name));
    const image = (await inspectImage(docker, found.Image)) ?? goneImage;
    const adoption = controlPlaneOf(found, image, asked, await managedBeside(docker, found));
    return withSecretNames(adoption, variablesOf(found), takenSecrets);
  } catch (error) {
    throw error instanceof NotAdoptable ? error : unreachableHost(platform.host, error);
  }
}

/** It reaches its instances by a network that both are in; two control planes on a host have one each. */
async function managedBeside(docker: Docker, { NetworkSettings }: Inspected): Promise<ManagedContainer[]> {
  const own = new Set(Object.keys(NetworkSettings.Networks ?? {}));
  return (await docker.listContainers({ all: true }))
    .filter(({ Labels }) => managingControlPlane(Labels ?? {}) !== undefined)
    .filter((each) => Object.keys(each.NetworkSettings?.Networks ?? {}).some((network) => own.has(network)))
    .map(({ Names, Id, State }) => ({ name: Names[0]?.slice(1) ?? Id, state: State }))
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

export function controlPlaneOf(
  found: Inspected,
  image: InspectedImage,
  asked: { stateDirectory?: string; port?: number },
  instances: ManagedContainer[],
): ControlPlaneAdoption {
  const name = found.Name.replace(/^\//, "");
  const variables = variablesOf(found);
  const kind = controlPlaneKinds.find(({ prefix }) =>
    Object.keys(variables).some((each) => each.startsWith(prefix)),
  );
  const ofKind = (variable: string) =>
    kind === undefined ? undefined : variables[`${kind.prefix}${variable}`];
  refuseUnfit(name, variables);
  const stateDirectory = asked.stateDirectory ?? ofKind("DATA_PATH") ?? usual.stateDirectory;
  const question = { ...asked, stateDirectory, port: asked.port ?? usual.port, usual };
  const { mounts: places = [], aliases, ...read } = adoptionOf(found, image, question);
  const backups = backupsOf(found, ofKind("BACKUPS_PATH"), stateDirectory);
  const all = [...((read.settings.mounts ?? []) as { target: string }[]), ...places];
  const { settings, notes } = containerOf(
    { ...withAliases(read.settings, aliases), mounts: all },
    found,
    backups?.path,
  );
  const isUnsure = kind === undefined;
  return {
    ...read,
    settings,
    lost: read.lost.filter(({ key }) => key !== `mounts.${backups?.path}`),
    notes: [
      ...read.notes.filter((note) => !note.startsWith(`What is mounted at ${backups?.path} `)),
      ...notes,
      ...backupNotes(name, ofKind("BACKUPS_PATH"), stateDirectory, backups),
      ...(isUnsure
        ? [
            `None of its variables says that ${name} is a control plane. Look at \`data\` and \`database\` before you adopt it.`,
          ]
        : []),
    ],
    ...(backups !== undefined && { backups }),
    database: kind?.database ?? controlPlaneKinds[0].database,
    instances,
  };
}

function refuseUnfit(name: string, variables: Readonly<Record<string, string>>): void {
  const elsewhere = externalDatabase((variable) => variables[variable]);
  if (elsewhere !== undefined) {
    throw new NotAdoptable(`${name} can't be adopted: ${externalDatabaseText(elsewhere)}`);
  }
  if (!workloadName.safeParse(name).success) {
    throw new NotAdoptable(
      `A control plane keeps its name when it is adopted, and ${name} can't be the name of one. Give it another one first: \`docker rename ${name} clawforce\`.`,
    );
  }
}

function placeOf({ Type, Name, Source }: Inspected["Mounts"][number]): Place {
  return Type === "volume" && Name !== undefined ? { volume: Name } : { directory: Source };
}

function backupsOf(
  { Mounts }: Inspected,
  path: string | undefined,
  stateDirectory: string,
): ControlPlaneAdoption["backups"] {
  if (path === undefined || withoutSlash(path) === withoutSlash(stateDirectory)) return undefined;
  const mount = Mounts.find(({ Destination }) => withoutSlash(Destination) === withoutSlash(path));
  return mount && { ...placeOf(mount), path: withoutSlash(path) };
}

function backupNotes(
  name: string,
  path: string | undefined,
  stateDirectory: string,
  backups: ControlPlaneAdoption["backups"],
): string[] {
  if (path === undefined || backups !== undefined || isWithin(path, stateDirectory)) return [];
  return [
    `The Backups of ${name} are at ${path}, where nothing is mounted. They would be gone with the old container. Copy them first, with \`docker cp\`.`,
  ];
}

/** What has a key of its own in the stack file is no mount. */
function containerOf(
  settings: Record<string, unknown> & { mounts: { target: string }[] },
  { Mounts, Config }: Inspected,
  backups: string | undefined,
): { settings: Record<string, unknown>; notes: string[] } {
  const { mounts, health: _, ...others } = settings;
  const left = mounts.filter(({ target }) => target !== socketInside && withoutSlash(target) !== backups);
  const socket = Mounts.find(({ Destination }) => Destination === socketInside)?.Source;
  // Its image's own check too: the one that the schema has by itself needs a program that not every image has.
  const health = healthOf(Config as WithHealth, {});
  return {
    settings: {
      ...others,
      ...(left.length > 0 && { mounts: left }),
      ...(socket !== usual.dockerSocket && { dockerSocket: socket ?? "none" }),
      ...health,
    },
    notes: [
      ...("health" in health
        ? []
        : [
            `It has no health check. The new container gets one that needs \`wget\` in the image. If that is missing there, write \`container.health.command\`.`,
          ]),
      ...(socket === undefined
        ? ["It has no socket of the Docker engine. The new container gets none either."]
        : []),
    ],
  };
}
