import type * as kubernetes from "@pulumi/kubernetes";
import type { ContainerConfig } from "../../config/container-schema.ts";
import type { StateLocation } from "../../config/rollout.ts";
import type { UnitSpec } from "../resources.ts";
import { withoutExpansion, withSafeArguments } from "./expansion.ts";
import { labelValue, madeAnnotation, stackLabel, trackLabel, workloadLabel } from "./labels.ts";
import { eachClaimOnce } from "./places.ts";
import { fileGroup, wholeSeconds } from "./pod-fields.ts";
import { secretsOf } from "./unit-secrets.ts";

type PodTemplate = kubernetes.types.input.core.v1.PodTemplateSpec;
type Container = kubernetes.types.input.core.v1.Container;
type Volume = kubernetes.types.input.core.v1.Volume;
type VolumeMount = kubernetes.types.input.core.v1.VolumeMount;

/** What a place of a state is in a pod. */
export interface PodPlace {
  volume: Volume;
  mount: VolumeMount;
}

/** Labels of everything that a unit is made of. They never change: a selector can't. */
export function unitLabels({ stack, name }: Pick<UnitSpec, "stack" | "name">): Record<string, string> {
  return { [stackLabel]: labelValue(stack), [workloadLabel]: name };
}

/**
 * The pod of a unit. Its annotation says what it was made for, so that it differs exactly where the unit is made anew; what
 * may change without a new start stands in none of it.
 *
 * @param placeAs - a location as a volume of this name in a pod, mounted there.
 */
export function podTemplate(
  spec: UnitSpec,
  placeAs: (name: string, location: StateLocation, at: string) => PodPlace,
): PodTemplate {
  const { container, state, backups } = spec;
  const mounts = (container.mounts ?? []).map((mount, index) =>
    mountOf(`mount-${index + 1}`, mount, placeAs),
  );
  const places = [
    placeAs("state", state, container.stateDirectory),
    ...(backups === undefined ? [] : [placeAs("backups", backups, backups.path)]),
    ...mounts,
  ];
  const { volumes, mounts: volumeMounts } = eachClaimOnce({
    volumes: places.map(({ volume }) => volume),
    mounts: places.map(({ mount }) => mount),
  });
  const user = userOf(container);
  return {
    metadata: {
      labels: { ...container.labels, ...unitLabels(spec), [trackLabel]: spec.track },
      annotations: { [madeAnnotation]: spec.trigger },
    },
    spec: {
      automountServiceAccountToken: container.serviceAccount !== undefined,
      ...(container.serviceAccount !== undefined && { serviceAccountName: container.serviceAccount }),
      // The names of all services of a namespace as variables: an image that reads one of them would be led astray.
      enableServiceLinks: false,
      terminationGracePeriodSeconds: Math.ceil(spec.stopGrace),
      securityContext: {
        runAsNonRoot: user?.id !== 0,
        ...(user !== undefined && { runAsUser: user.id, runAsGroup: user.group }),
        ...(user !== undefined && user.id !== 0 && fileGroup(user.group)),
        seccompProfile: { type: "RuntimeDefault" },
      },
      ...(container.extraHosts && { hostAliases: hostAliases(container.extraHosts) }),
      containers: [unitContainer(spec, volumeMounts)],
      volumes,
    },
  };
}

function unitContainer(spec: UnitSpec, volumeMounts: VolumeMount[]): Container {
  const { container } = spec;
  const { entrypoint, command, workingDirectory } = container;
  return {
    name: "workload",
    image: spec.image,
    ...withSafeArguments({ ...(entrypoint && { command: entrypoint }), ...(command && { args: command }) }),
    ...(workingDirectory !== undefined && { workingDir: workingDirectory }),
    env: [
      ...Object.entries(container.environment).map(([name, value]) => ({
        name,
        value: withoutExpansion(value),
      })),
      ...secretsOf(spec).map(({ variable, key, secret }) => ({
        name: variable,
        valueFrom: { secretKeyRef: { name: secret, key } },
      })),
    ],
    ports: [{ name: "http", containerPort: container.port }],
    readinessProbe: readiness(container),
    resources: resources(container),
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: {
        drop: container.capabilities?.drop.length ? container.capabilities.drop : ["ALL"],
        ...(container.capabilities?.add.length && { add: container.capabilities.add }),
      },
      ...(container.readOnly !== undefined && { readOnlyRootFilesystem: container.readOnly }),
    },
    // What it says when it refuses to start is the first thing that an operator wants to read.
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts,
  };
}

/** Whether it may get requests. It is restarted by nothing but its own end: that is for people to decide. */
function readiness({ health, port }: ContainerConfig): kubernetes.types.input.core.v1.Probe {
  return {
    ...(health.command === undefined
      ? { httpGet: { path: health.path, port } }
      : { exec: { command: health.command } }),
    periodSeconds: wholeSeconds(health.interval),
    timeoutSeconds: wholeSeconds(health.timeout),
    failureThreshold: health.retries,
  };
}

function resources({ memory, cpus }: ContainerConfig): kubernetes.types.input.core.v1.ResourceRequirements {
  const limits = {
    ...(memory !== undefined && { memory: String(memory) }),
    ...(cpus !== undefined && { cpu: String(cpus) }),
  };
  return Object.keys(limits).length === 0 ? {} : { limits, requests: limits };
}

/** `1000`, `1000:1000`: its group is its own number where there is none. Names are refused by the configuration. */
function userOf({ user }: ContainerConfig): { id: number; group: number } | undefined {
  if (user === undefined) return undefined;
  const [id = "", group = id] = user.split(":");
  return { id: Number(id), group: Number(group) };
}

type Mount = NonNullable<ContainerConfig["mounts"]>[number];

function mountOf(
  name: string,
  mount: Mount,
  placeAs: (name: string, location: StateLocation, at: string) => PodPlace,
): PodPlace {
  if (mount.kind === "tmpfs") {
    const { size, target } = mount;
    const sized = size === undefined ? {} : { sizeLimit: String(size) };
    return {
      volume: { name, emptyDir: { medium: "Memory", ...sized } },
      mount: { name, mountPath: target },
    };
  }
  const location = mount.kind === "volume" ? { volume: mount.source } : { directory: mount.source };
  const place = placeAs(name, location, mount.target);
  return mount.readOnly ? { ...place, mount: { ...place.mount, readOnly: true } } : place;
}

function hostAliases(hosts: Readonly<Record<string, string>>) {
  const byAddress = Map.groupBy(Object.entries(hosts), ([, address]) => address);
  return [...byAddress].map(([ip, entries]) => ({ ip, hostnames: entries.map(([host]) => host) }));
}
