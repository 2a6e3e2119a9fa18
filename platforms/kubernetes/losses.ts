import { posix } from "node:path";
import type { Loss, WantedUnit } from "../platform.ts";
import type { Cluster } from "./cluster.ts";
import { type FoundUnit, findUnit, ownContainer } from "./found-unit.ts";

/** What a unit of somebody else's has and the workload's own one would not have. */
export async function lossesOf(cluster: Cluster, name: string, wanted: WantedUnit): Promise<Loss[]> {
  const found = await findUnit(cluster, name);
  return found === undefined ? [] : losses(found, wanted);
}

/** Told by what is there, not by its value: who has written another value has meant it. */
export function losses({ controller }: FoundUnit, { container, backups }: WantedUnit): Loss[] {
  const { spec } = controller.spec.template;
  const own = ownContainer({ name: controller.metadata.name, spec });
  const { stateDirectory, environment = {}, secrets = {}, tokenVariable, mounts = [] } = container;
  const variables = new Set([...Object.keys(environment), ...Object.keys(secrets), tokenVariable]);
  const places = new Set(
    [stateDirectory, backups, ...mounts.map(({ target }) => target)].flatMap((at) =>
      at === undefined ? [] : [posix.resolve("/", at)],
    ),
  );
  const beside = spec.containers.slice(1);
  return [
    ...(own.env ?? [])
      .filter(({ name }) => !variables.has(name))
      .map(({ name }) => ({ key: `environment.${name}`, what: `the variable ${name}` })),
    ...((own.envFrom?.length ?? 0) > 0
      ? [{ key: "environment", what: "the variables of whole Secrets or ConfigMaps (`envFrom`)" }]
      : []),
    ...(own.volumeMounts ?? [])
      .filter(({ mountPath }) => !places.has(posix.resolve("/", mountPath)))
      .map(({ mountPath }) => ({ key: `mounts.${mountPath}`, what: `its \`mounts.${mountPath}\`` })),
    ...(["command", "args"] as const)
      .filter(
        (key) =>
          own[key] !== undefined && container[key === "command" ? "entrypoint" : "command"] === undefined,
      )
      .map((key) => ({ key: key === "command" ? "entrypoint" : "command", what: `its \`${key}\`` })),
    ...[...beside, ...(spec.initContainers ?? [])].map(({ name }) => ({
      ...{ key: `container ${name}`, what: `the container ${name} in its pod` },
    })),
  ];
}
