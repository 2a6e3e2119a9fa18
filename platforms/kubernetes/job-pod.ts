import type { Job, JobPlace, JobSeries } from "../platform.ts";
import { withoutExpansion, withSafeArguments } from "./expansion.ts";
import { onNode } from "./node-of.ts";
import type { Container, KubernetesObject, Pod, PodSpec, Volume, VolumeMount } from "./objects.ts";
import { mountedPlaces, placeOf } from "./places.ts";
import { goesWith, shortLived } from "./pods.ts";
import type { KubernetesSettings } from "./settings.ts";

/** The container that does it, and the one that keeps what it has printed until that was read. */
export const worker = "work";
export const keeper = "keep";

/** With this an init container ends where a folder is missing. */
export const missingCode = 44;

/** Seconds that a pod outlives its job, for who reads what it has printed. */
const readTime = 600;

/** Its words are arguments, whatever stands in them. */
const runScript = 'in=$1; shift; exec "$@" <"$in" >/clawforce/out/stdout 2>/clawforce/out/stderr';
/** Ends at once when it is told to. */
const keepScript = "trap 'exit 0' TERM; while :; do sleep 5 & wait $!; done";
const lookScript = `for each; do [ -d "/folders/$each" ] || { echo "$each" >/dev/termination-log; exit ${missingCode}; }; done`;

interface PodPlan {
  name: string;
  call: string;
  node: string | undefined;
  settings: KubernetesSettings;
}

/** Its image can be anything: no user, group or program of it is relied on, but for a shell and cat. */
export function jobPod(job: Job, plan: PodPlan): Pod {
  const { argv, stdin } = job;
  const input = stdin === undefined ? "/dev/null" : "/clawforce/in/stdin";
  const own = stdin === undefined ? [] : [{ name: "in", mountPath: "/clawforce/in", readOnly: true }];
  return podBeside(job, plan, {
    containers: (base, mounts) => [
      {
        ...{ name: worker, ...base, ...environmentOf(job) },
        command: ["sh", "-c", runScript, "sh", input, ...argv],
        volumeMounts: [...mounts, out, ...own],
      },
      {
        ...{ name: keeper, ...base },
        command: ["sh", "-c", keepScript],
        volumeMounts: [{ ...out, readOnly: true }],
      },
    ],
    volumes: [
      // What holds secrets is on no disk.
      { name: out.name, emptyDir: job.unlogged ? { medium: "Memory" } : {} },
      ...(stdin === undefined ? [] : [{ name: "in", secret: { secretName: plan.name, defaultMode: 0o400 } }]),
    ],
  });
}

/** One that waits for its jobs, and does nothing by itself. */
export function seriesPod(series: JobSeries, plan: PodPlan): Pod {
  return podBeside(series, plan, {
    containers: (base, mounts) => [
      {
        ...{ name: worker, ...base, ...environmentOf(series) },
        command: ["sh", "-c", keepScript],
        volumeMounts: [...mounts, out],
      },
    ],
    volumes: [{ name: out.name, emptyDir: {} }],
  });
}

const out = { name: "out", mountPath: "/clawforce/out" };

function environmentOf({ environment = {} }: JobSeries): Pick<Container, "env"> {
  return {
    env: Object.entries(environment).map(([key, value]) => ({ name: key, value: withoutExpansion(value) })),
  };
}

/** A short-lived pod on the places of a workload. */
function podBeside(
  series: JobSeries,
  { name, call, node, settings }: PodPlan,
  own: {
    containers: (base: Omit<Container, "name">, mounts: VolumeMount[]) => Container[];
    volumes: Volume[];
  },
): Pod {
  const { image, places, deadline } = series;
  const { volumes, mounts } = mountedPlaces(settings, places);
  const base = {
    ...{ image, imagePullPolicy: "IfNotPresent" as const },
    securityContext: { runAsUser: 0, runAsGroup: 0 },
    resources: { requests: { cpu: "10m", memory: "32Mi" } },
  };
  const looking = folderLook(settings, { places, volumes }, base);
  return {
    ...{ apiVersion: "v1", kind: "Pod" },
    metadata: shortLived(name, { ...series, call, apart: true }),
    spec: {
      ...apartFromCluster,
      ...onNode(node),
      restartPolicy: "Never",
      // Should nobody be left to end it.
      activeDeadlineSeconds: Math.ceil(deadline) + readTime,
      terminationGracePeriodSeconds: 1,
      hostname: "clawforce",
      ...(looking !== undefined && { initContainers: [looking] }),
      containers: own
        .containers(base, [
          ...mounts,
          { name: "stage", mountPath: "/stage" },
          { name: "run", mountPath: "/run" },
        ])
        .map(withSafeArguments),
      volumes: [
        ...volumes,
        { name: "stage", emptyDir: {} },
        { name: "run", emptyDir: { medium: "Memory", sizeLimit: "16Mi" } },
        ...own.volumes,
      ],
    },
  };
}

/** It has nothing to do with the cluster. */
export const apartFromCluster: Partial<PodSpec> = {
  automountServiceAccountToken: false,
  enableServiceLinks: false,
};

/** A folder that is missing would be made. */
function folderLook(
  settings: KubernetesSettings,
  { places, volumes }: { places: readonly JobPlace[]; volumes: readonly Volume[] },
  base: Omit<Container, "name">,
): Container | undefined {
  const folders = places.flatMap(({ from, onlyIfThere }) =>
    onlyIfThere === true && "directory" in from ? (placeOf(settings, from).folder ?? []) : [],
  );
  const claim = volumes.find((each) => each.persistentVolumeClaim?.claimName === settings.folders);
  if (folders.length === 0 || claim === undefined) return undefined;
  return withSafeArguments({
    ...{ name: "look", ...base },
    command: ["sh", "-c", lookScript, "sh", ...folders],
    volumeMounts: [{ name: claim.name, mountPath: "/folders", readOnly: true }],
  });
}

/** Goes with its pod, however that goes. */
export function stdinSecret(pod: Pod, stdin: string): KubernetesObject & { stringData: object } {
  const { name, labels, annotations } = pod.metadata;
  return {
    ...{ apiVersion: "v1", kind: "Secret" },
    metadata: {
      ...{ name, ...(labels && { labels }), ...(annotations && { annotations }) },
      ...goesWith(pod),
    },
    stringData: { stdin },
  };
}
