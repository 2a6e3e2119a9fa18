import { posix } from "node:path";
import type { Loss, WantedUnit } from "../displaced.ts";
import type { Cluster } from "./cluster.ts";
import { type FoundUnit, findUnit, ownContainer } from "./found-unit.ts";
import { ownPrefix } from "./labels.ts";
import type { Container, PodSpec, PodTemplate } from "./objects.ts";

/** What a unit of somebody else's has and the workload's own one would not have. */
export async function lossesOf(cluster: Cluster, name: string, wanted: WantedUnit): Promise<Loss[]> {
  const found = await findUnit(cluster, name);
  return found === undefined ? [] : losses(found, wanted);
}

/** Told by what is there, not by its value: who has written another value has meant it. */
export function losses({ controller }: FoundUnit, { container, backups }: WantedUnit): Loss[] {
  const { template, selector } = controller.spec;
  const { spec } = template;
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
    ...lostLabels(template, selector?.matchLabels, container.labels),
    ...lostOfPod(spec, container),
    ...lostPorts(own, container.port),
    ...(["memory", "cpus"] as const)
      .filter((key) => container[key] === undefined && own.resources?.limits?.[limits[key]] !== undefined)
      .map((key) => ({ key, what: `its limit of ${limits[key]} (${own.resources?.limits?.[limits[key]]})` })),
    ...(["livenessProbe", "startupProbe", "lifecycle"] as const)
      .filter((key) => own[key] !== undefined)
      .map((key) => ({ key, what: `its ${key}` })),
    ...[...beside, ...(spec.initContainers ?? [])].map(({ name }) => ({
      ...{ key: `container ${name}`, what: `the container ${name} in its pod` },
    })),
  ];
}

const limits = { memory: "memory", cpus: "cpu" } as const;

/** Those that its selector has can't be lost: see unfit.ts. */
function lostLabels(
  { metadata }: PodTemplate,
  selected: Readonly<Record<string, string>> = {},
  wanted: Readonly<Record<string, string>> = {},
): Loss[] {
  return Object.keys(metadata?.labels ?? {})
    .filter((label) => !label.startsWith(ownPrefix))
    .filter((label) => selected[label] === undefined && wanted[label] === undefined)
    .map((label) => ({ key: `labels.${label}`, what: `the label ${label} of its pod` }));
}

/** What a pod has beside its container, and a stack file has no key for. */
const ofPod = [
  ...["affinity", "nodeSelector", "tolerations", "priorityClassName", "imagePullSecrets", "hostNetwork"],
  ...["dnsConfig", "runtimeClassName", "topologySpreadConstraints", "hostAliases"],
] as const;

function lostOfPod(spec: PodSpec, { serviceAccount, extraHosts }: WantedUnit["container"]): Loss[] {
  const account = spec.serviceAccountName ?? "default";
  const hasToken = spec.automountServiceAccountToken !== false && account !== "default";
  return [
    ...(hasToken && serviceAccount === undefined
      ? [{ key: "serviceAccount", what: `its service account ${account}, with a token of the cluster` }]
      : []),
    ...ofPod
      .filter((key) => !isNothing(spec[key as keyof PodSpec]) && !(key === "hostAliases" && extraHosts))
      .map((key) => ({ key: `pod.${key}`, what: `the ${key} of its pod` })),
  ];
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** A Service may lead to a port by its name, and the workload's own pod has one called `http`. */
function lostPorts({ ports = [] }: Container, wanted: number): Loss[] {
  return ports
    .filter(({ containerPort, name }) => containerPort !== wanted || (name ?? "http") !== "http")
    .map(({ containerPort, name }) => ({
      key: `ports.${containerPort}`,
      what: `its port ${containerPort}${name === undefined ? "" : ` by the name ${name}`}`,
    }));
}
