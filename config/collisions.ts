import { posix } from "node:path";
import type { z } from "zod";
import { fieldOf } from "./json.ts";
import { type Path, type Problem, pathText } from "./problem.ts";
import { type Publish, publishedAt } from "./publish.ts";
import { snapshots } from "./snapshots-schema.ts";

/** One container of the configuration, with what no two of them may share. */
export interface Place {
  path: Path;
  name: string;
  /** The name of its container, where that is written. */
  containerName?: string | undefined;
  /** Ports of the host that it listens on, with where they are written. */
  ports: { path: Path; port: number }[];
  hosts: readonly string[];
  /** Empty for a container without state of its own. `isMount`: it stands beside the other ones, as a mount. */
  states: { path: Path; written: string; directory: string; isMount?: true }[];
}

/** The rules about what two containers of one host may not have in common. */
export function placeProblems(raw: unknown, places: readonly Place[]): Problem[] {
  return [
    ...duplicateNames(places),
    ...duplicateContainers(places),
    ...duplicatePorts(places),
    ...duplicateHosts(raw, places),
    ...sharedState(places),
    ...doubledState(places),
    ...endangeredRepositories(raw, places),
  ];
}

/** Where state is kept, as a directory: a volume and the folder that Docker keeps it in are the same state. */
export function stateAt(
  path: Path,
  location: { volume?: string | undefined; directory?: string | undefined },
): Place["states"][number] {
  return location.directory === undefined
    ? { path, written: location.volume ?? "", directory: volumeDirectory(location.volume ?? "") }
    : { path, written: location.directory, directory: canonical(location.directory) };
}

/** What parses by `schema`, else undefined: rules pass over what is invalid by itself. */
export function valid<T extends z.ZodType>(schema: T, value: unknown): z.output<T> | undefined {
  const result = schema.safeParse(value);
  return result.success ? result.data : undefined;
}

function duplicateNames(places: readonly Place[]): Problem[] {
  return places.flatMap(({ path, name }, index) => {
    const first = places.slice(0, index).find((other) => other.name === name);
    if (first === undefined) return [];
    return [
      {
        path,
        message: `the name ${JSON.stringify(name)} is taken by ${pathText(first.path)}. Write another name.`,
      },
    ];
  });
}

function duplicateContainers(places: readonly Place[]): Problem[] {
  return places.flatMap(({ path, name, containerName }) => {
    const other = places.find(
      (each) => each.name !== name && (each.containerName ?? each.name) === containerName,
    );
    if (containerName === undefined || other === undefined) return [];
    return [
      {
        path: [...path, "containerName"],
        message: `the container of ${pathText(other.path)} is called ${JSON.stringify(containerName)} too. Write another name.`,
      },
    ];
  });
}

function duplicatePorts(places: readonly Place[]): Problem[] {
  const all = places.flatMap(({ name, ports }) => ports.map((each) => ({ ...each, name })));
  return all.flatMap(({ path, port }, index) => {
    const first = all.slice(0, index).find((other) => other.port === port);
    if (first === undefined) return [];
    return [
      {
        path,
        message: `port ${port} is published by ${JSON.stringify(first.name)} already. Write another port.`,
      },
    ];
  });
}

/** Where a `publish` is written, and its port. */
export function published(path: Path, written: Publish | undefined): Place["ports"] {
  return written === undefined ? [] : [{ path: [...path, "publish"], port: publishedAt(written).port }];
}

function duplicateHosts(raw: unknown, places: readonly Place[]): Problem[] {
  const hasIngress = fieldOf(raw, "ingress") !== undefined;
  const all = places.flatMap((place) => place.hosts.map((host, index) => ({ place, host, index })));
  return all.flatMap(({ place, host, index }, position) => {
    const path = [...place.path, "hosts", index];
    const first = all.slice(0, position).find((other) => other.host === host);
    return [
      ...(hasIngress || index > 0
        ? []
        : [
            {
              path: [...place.path, "hosts"],
              message: `nothing serves these names: there is no ingress. Add ${pathText(["ingress"])}, or remove \`hosts\`.`,
            },
          ]),
      ...(first === undefined
        ? []
        : [
            {
              path,
              message: `the host ${JSON.stringify(host)} is that of ${JSON.stringify(first.place.name)} already. Write another host.`,
            },
          ]),
    ];
  });
}

/** No lock keeps two gateways from writing one state: it has to be seen here. */
function sharedState(places: readonly Place[]): Problem[] {
  const all = places.flatMap((place) => place.states.map((state) => ({ place, state })));
  return all.flatMap(({ place, state }, index) => {
    const first = all
      .slice(0, index)
      .find((other) => other.place.name !== place.name && overlaps(other.state.directory, state.directory));
    if (first === undefined) return [];
    return [
      {
        path: state.path,
        message: `its state ${JSON.stringify(state.written)} is or overlaps the state ${JSON.stringify(first.state.written)} of ${JSON.stringify(first.place.name)}, and two gateways on one state destroy it. Give each its own.`,
      },
    ];
  });
}

/** A snapshot would have it twice, and a restore would set back one in the middle of the other. */
function doubledState(places: readonly Place[]): Problem[] {
  return places.flatMap(({ states }) =>
    states.flatMap((state, index) => {
      const first = states.slice(0, index).find((other) => overlaps(other.directory, state.directory));
      if (state.isMount !== true || first === undefined) return [];
      return [
        {
          path: state.path,
          message: `${JSON.stringify(state.written)} is or overlaps ${JSON.stringify(first.written)}, which is state of the same workload already. Take \`state: true\` out here, or the whole mount where the other one shows the same files.`,
        },
      ];
    }),
  );
}

/** A restore wipes the state first: repositories inside it would go with it. */
function endangeredRepositories(raw: unknown, places: readonly Place[]): Problem[] {
  const repositories = valid(
    snapshots.shape.repositories,
    fieldOf(fieldOf(raw, "snapshots"), "repositories"),
  );
  if (repositories === undefined) return [];
  return places.flatMap(({ states }) =>
    states
      .filter(({ directory }) => overlaps(directory, canonical(repositories)))
      .map(({ path, written }) => ({
        path,
        message: `its state ${JSON.stringify(written)} overlaps ${pathText(["snapshots", "repositories"])} ${JSON.stringify(repositories)}, and a restore would wipe the snapshots. Keep them apart.`,
      })),
  );
}

export function canonical(directory: string): string {
  return posix.resolve("/", directory);
}

function volumeDirectory(volume: string): string {
  return `/var/lib/docker/volumes/${volume}/_data`;
}

/** The same directory, or one inside the other. */
function overlaps(a: string, b: string): boolean {
  return isInside(a, b) || isInside(b, a);
}

export function isInside(inner: string, outer: string): boolean {
  return `${inner}/`.startsWith(outer === "/" ? outer : `${outer}/`);
}
