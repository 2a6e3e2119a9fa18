import { posix } from "node:path";
import type { StatePlaces } from "../../config/state-places.ts";
import type { StartSettings, Trial, TrialLimits } from "../platform.ts";
import { withoutExpansion, withSafeArguments } from "./expansion.ts";
import { apartFromCluster } from "./job-pod.ts";
import { networkProof } from "./network.ts";
import type {
  Container,
  EnvironmentVariable,
  Pod,
  PodTemplate,
  Probe,
  Volume,
  VolumeMount,
} from "./objects.ts";
import { eachClaimOnce, mountedPlaces } from "./places.ts";
import { fileGroup, wholeSeconds } from "./pod-fields.ts";
import { shortLived } from "./pods.ts";
import { bytesOf } from "./quantity.ts";
import type { KubernetesSettings } from "./settings.ts";

/** The container of a trial, and of a program. */
export const tried = "trial";
/** The one before it that tries to reach a network. */
export const proof = "network";

/** How a pod is started that is like a workload's own, and is none. */
export interface Start {
  container: Omit<Container, "name" | "image">;
  volumes: Volume[];
  /** Of the pod: users, groups, credentials for its image, where it may run. */
  pod: Partial<Pod["spec"]>;
  /** Bytes; 0 where it has no limit. */
  memory: number;
  /** By the names of its variables: what stands in a Secret of the pod's name. */
  secrets: Record<string, string>;
}

/** As the unit that serves was started. */
export function startOf({ spec }: PodTemplate, container: Container): Start {
  const {
    command,
    args,
    workingDir,
    env,
    envFrom,
    volumeMounts = [],
    ports,
    securityContext,
    resources,
  } = container;
  const { securityContext: ofPod, imagePullSecrets, tolerations, nodeSelector, volumes = [] } = spec;
  const probe = container.readinessProbe ?? container.startupProbe ?? container.livenessProbe;
  return {
    container: {
      ...(command && { command }),
      ...(args && { args }),
      ...(workingDir !== undefined && { workingDir }),
      ...(env && { env }),
      ...(envFrom && { envFrom }),
      // A probe may name one of them.
      ...(ports && {
        ports: ports.map(({ name, containerPort }) => ({ ...(name && { name }), containerPort })),
      }),
      ...(securityContext && { securityContext }),
      ...(probe && { readinessProbe: probe }),
      volumeMounts,
    },
    volumes,
    pod: {
      ...(ofPod && { securityContext: ofPod }),
      ...(imagePullSecrets && { imagePullSecrets }),
      ...(tolerations && { tolerations }),
      ...(nodeSelector && { nodeSelector }),
    },
    memory: bytesOf(resources?.limits?.memory) ?? 0,
    secrets: {},
  };
}

/** @param pod - name of the pod, which its Secret has too. */
export function startBy(settings: StartSettings, platform: KubernetesSettings, pod: string): Start {
  const {
    entrypoint,
    command,
    user,
    workingDirectory,
    mounts = [],
    environment,
    secret = [],
    memory = 0,
    health,
  } = settings;
  const isSecret = ([name]: [string, string]) => secret.includes(name);
  const variables = Object.entries(environment);
  const plain = variables.filter((each) => !isSecret(each));
  const secrets = Object.fromEntries(variables.filter(isSecret));
  const places = mounts.flatMap((mount) =>
    mount.kind === "tmpfs"
      ? []
      : [
          {
            from: mount.kind === "volume" ? { volume: mount.source } : { directory: mount.source },
            at: mount.target,
            readOnly: true,
          },
        ],
  );
  const mounted = mountedPlaces(platform, places);
  const temporary = mounts.filter(({ kind }) => kind === "tmpfs");
  return {
    container: withSafeArguments({
      name: tried,
      ...(entrypoint && { command: entrypoint }),
      ...(command && { args: command }),
      ...(workingDirectory !== undefined && { workingDir: workingDirectory }),
      ...(user !== undefined && { securityContext: userOf(user) }),
      env: [
        ...plainVariables(Object.fromEntries(plain)),
        ...Object.keys(secrets).map((key) => ({
          name: key,
          valueFrom: { secretKeyRef: { name: pod, key } },
        })),
      ],
      readinessProbe: {
        exec: { command: health.command },
        periodSeconds: wholeSeconds(health.interval),
        timeoutSeconds: wholeSeconds(health.timeout),
        failureThreshold: Math.max(1, health.retries),
      },
      volumeMounts: [
        ...mounted.mounts,
        ...temporary.map(({ target }, index) => ({ name: `temporary-${index}`, mountPath: target })),
      ],
    }),
    volumes: [
      ...mounted.volumes,
      ...temporary.map((_, index) => ({
        name: `temporary-${index}`,
        emptyDir: { medium: "Memory" as const },
      })),
    ],
    pod: user === undefined ? {} : { securityContext: fileGroupOf(user) },
    ...{ memory, secrets },
  };
}

/** `1000:1000`; the name of a user can't be said to Kubernetes, and the image's own user is taken. */
function userOf(user: string): Record<string, number> {
  const [uid, gid] = user.split(":");
  return {
    ...(/^\d+$/.test(uid ?? "") && { runAsUser: Number(uid) }),
    ...(/^\d+$/.test(gid ?? "") && { runAsGroup: Number(gid) }),
  };
}

function fileGroupOf(user: string): Record<string, unknown> {
  const [uid = "", gid = uid] = user.split(":");
  const isOther = /^[1-9]\d*$/.test(uid) && /^\d+$/.test(gid);
  return isOther ? fileGroup(Number(gid)) : {};
}

interface Parts {
  settings: KubernetesSettings;
  start: Start;
  call: string;
}

/** A start of an image on a copy: without a network, a token of the cluster, or a way to what serves. */
export function trialPod(trial: Omit<Trial, "like" | "deadline">, { settings, start, call }: Parts): Pod {
  const { name, workload, image } = trial;
  const { container, volumes } = onCopy(start, trial.places, settings);
  const own: Container = {
    ...container,
    ...{ name: tried, image, imagePullPolicy: "IfNotPresent" },
    env: withOverrides(container.env ?? [], trial.environment),
    ...(container.readinessProbe && { readinessProbe: askedOften(container.readinessProbe) }),
    resources: resourcesOf(trial.limits, start.memory),
  };
  return {
    ...{ apiVersion: "v1", kind: "Pod" },
    metadata: shortLived(name, { workload, purpose: "drill", call, apart: true }),
    spec: {
      ...start.pod,
      ...apartFromCluster,
      restartPolicy: "Never",
      initContainers: [
        {
          ...{ name: proof, image, imagePullPolicy: "IfNotPresent" },
          command: ["sh", "-c", withoutExpansion(networkProof())],
          ...(container.securityContext && { securityContext: container.securityContext }),
        },
      ],
      containers: [own],
      volumes,
    },
  };
}

/** A program of an image on a state that nothing has open. */
export function programPod(
  program: {
    name: string;
    workload: string;
    purpose: string;
    image: string;
    argv: string[];
    environment: Record<string, string>;
    places: StatePlaces;
    limits: TrialLimits;
    deadline: number;
  },
  { settings, start, call, placement }: Parts & { placement: object },
): Pod {
  const { name, workload, purpose, image, argv, deadline } = program;
  const { container, volumes } = onCopy(start, program.places, settings);
  // The image's own start and health check are of the gateway, which this is not.
  const { readinessProbe: _, args: __, ...rest } = container;
  return {
    ...{ apiVersion: "v1", kind: "Pod" },
    metadata: shortLived(name, { workload, purpose, call, apart: true }),
    spec: {
      ...start.pod,
      ...apartFromCluster,
      ...placement,
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 1,
      activeDeadlineSeconds: Math.ceil(deadline) + 600,
      containers: [
        {
          ...rest,
          ...{ name: tried, image, imagePullPolicy: "IfNotPresent" },
          command: argv.map(withoutExpansion),
          env: withOverrides(container.env ?? [], program.environment),
          resources: resourcesOf(program.limits, start.memory),
        },
      ],
      volumes,
    },
  };
}

/** What belongs to the state comes from the copy; everything else of the workload's can be read and not written. */
function onCopy(start: Start, places: StatePlaces, settings: KubernetesSettings) {
  const isCopied = ({ mountPath }: VolumeMount) =>
    places.some(({ at }) => posix.resolve("/", at) === posix.resolve("/", mountPath));
  const kept = (start.container.volumeMounts ?? []).filter((mount) => !isCopied(mount));
  const copies = mountedPlaces(
    settings,
    places.map((place) => ({ ...place, readOnly: false })),
  );
  const renamed = (name: string) => `copy-${name}`;
  const volumes = start.volumes.filter(({ name }) => kept.some((mount) => mount.name === name));
  const mounted = eachClaimOnce({
    volumes: [...volumes, ...copies.volumes.map((volume) => ({ ...volume, name: renamed(volume.name) }))],
    mounts: [
      ...kept.map((mount) => (isTemporary(volumes, mount) ? mount : { ...mount, readOnly: true })),
      ...copies.mounts.map((mount) => ({ ...mount, name: renamed(mount.name) })),
    ],
  });
  return {
    container: { ...start.container, volumeMounts: mounted.mounts },
    volumes: mounted.volumes,
  };
}

function isTemporary(volumes: readonly Volume[], { name }: VolumeMount): boolean {
  return volumes.some((volume) => volume.name === name && volume.emptyDir !== undefined);
}

/** More often than what serves: its first answer is waited for. */
export function askedOften(probe: Probe): Probe {
  const { initialDelaySeconds: _, successThreshold: __, ...rest } = probe;
  return { ...rest, periodSeconds: Math.min(probe.periodSeconds ?? 10, 3) };
}

/** So that a trial that goes wrong takes nothing from those that serve. It asks for next to nothing: it is short. */
function resourcesOf({ memory: least, cpus }: TrialLimits, own: number): NonNullable<Container["resources"]> {
  return {
    limits: { memory: String(Math.max(least, own)), cpu: `${Math.round(cpus * 1000)}m` },
    requests: { memory: "64Mi", cpu: "10m" },
  };
}

export function withOverrides(
  served: readonly EnvironmentVariable[],
  overrides: Record<string, string>,
): EnvironmentVariable[] {
  return [...served.filter(({ name }) => !(name in overrides)), ...plainVariables(overrides)];
}

function plainVariables(environment: Record<string, string>): EnvironmentVariable[] {
  return Object.entries(environment).map(([name, value]) => ({ name, value: withoutExpansion(value) }));
}
