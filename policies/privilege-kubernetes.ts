import { inspectConfinement, overriddenIn, privilegedTold, unconfinedTold } from "./confinement.ts";
import { isObject, itemsOf, notKnown, type Reached, read } from "./guarded-read.ts";
import { inspectMount } from "./host-path.ts";
import { containerLists, knownTypes } from "./image-paths.ts";
import { below, type Inspection, type ReachedObject } from "./privilege.ts";
import { type Capabilities, inspectCapabilities } from "./privilege-capabilities.ts";
import {
  deviceTold,
  hostNamespaceTold,
  inspectAddress,
  inspectManager,
  managerLabel,
} from "./privilege-docker.ts";
import { quoted, type Told } from "./verdict.ts";

const podVolumes = ".volumes[].image.reference";

/** Where the specification of a pod stands in a type: `spec.template.spec`. */
export function podPathOf(type: string): string | undefined {
  const volumes = knownTypes.get(type)?.images.find(({ path }) => path.endsWith(podVolumes));
  return volumes?.path.slice(0, -podVolumes.length);
}

/** What stands before a field in a list of such resources, and nothing otherwise. */
export function itemPrefix(type: string): string {
  return type.endsWith("List") ? "items[]." : "";
}

interface PodSettings {
  capabilities: Capabilities;
  /** It lists all containers that its pods have: a patch lists those that it changes. */
  isWhole: boolean;
}

export function inspectPods(
  inspection: Inspection,
  props: Reached,
  podPath: string,
  { capabilities, isWhole }: PodSettings,
): void {
  // Labels and annotations of a pod stand beside its specification.
  const metadata = podPath.replace(/spec$/, "metadata");
  for (const { key, ...entry } of inspection.entries(props, `${metadata}.labels`))
    if (key === managerLabel) inspectManager(inspection, entry);
  for (const { key, path, value } of inspection.entries(props, `${metadata}.annotations`))
    if (/^(container\.)?(apparmor\.security\.beta|seccomp\.security\.alpha)\.kubernetes\.io\//.test(key)) {
      if (value === notKnown) inspection.reportUnknown(path);
      else if (value === "unconfined")
        inspection.report("unconfined", path, unconfinedTold(`${key}: unconfined`));
    }
  for (const pod of inspection.objects(props, podPath)) {
    const overridden = isWhole ? overriddenIn(pod.value) : undefined;
    inspectConfinement(inspection, pod, overridden);
    inspectPod(inspection, pod, capabilities);
  }
}

const namespaces: readonly [flag: string, what: string][] = [
  ["hostNetwork", "network"],
  ["hostPID", "processes"],
  ["hostIPC", "shared memory"],
];

function inspectPod(inspection: Inspection, pod: ReachedObject, capabilities: Capabilities): void {
  for (const [flag, what] of namespaces)
    for (const path of inspection.flagged(pod, flag))
      inspection.report("hostNamespace", path, hostNamespaceTold(what));
  const containers = containerLists.flatMap((list) => inspection.objects(pod, list));
  for (const container of containers) {
    for (const path of inspection.flagged(container, "securityContext.privileged"))
      inspection.report("privileged", path, privilegedTold);
    for (const path of inspection.flagged(container, "securityContext.allowPrivilegeEscalation"))
      inspection.report("escalation", path, escalationTold);
    inspectCapabilities(inspection, container, "securityContext.capabilities.add[]", capabilities);
    for (const { path, value } of inspection.texts(container, "securityContext.procMount"))
      if (value === "Unmasked") inspection.report("unconfined", path, unconfinedTold("procMount: Unmasked"));
    inspectConfinement(inspection, container);
    for (const { path, value } of inspection.texts(container, "volumeDevices[].devicePath"))
      inspection.report("device", path, deviceTold(value));
    for (const port of inspection.objects(container, "ports[]")) inspectHostPort(inspection, port);
  }
  for (const volume of inspection.objects(pod, "volumes[]")) inspectHostPath(inspection, volume, containers);
}

export const escalationTold: Told = {
  what: "a process may get more rights than its parent",
  why: "a program with the bit of another user then makes itself root",
  write: "allowPrivilegeEscalation: false",
};

function inspectHostPort(inspection: Inspection, port: ReachedObject): void {
  for (const { path, value } of inspection.numbers(port, "hostPort")) {
    if (value === 0) continue;
    const addresses = inspection.texts(port, "hostIP");
    const known = addresses.length > 0 || below(port, "hostIP").length > 0;
    for (const address of known ? addresses : [{ value: "" }])
      inspectAddress(inspection, path, address.value);
  }
}

function inspectHostPath(
  inspection: Inspection,
  volume: ReachedObject,
  containers: readonly ReachedObject[],
): void {
  const name = read(volume.value, "name");
  for (const { path, value } of inspection.texts(volume, "hostPath.path")) {
    const mounts = containers.flatMap((container) => mountsOf(container, name));
    const readOnly = mounts.length > 0 && mounts.every((mount) => read(mount, "readOnly") === true);
    const targets = mounts.map((mount) => read(mount, "mountPath"));
    const target = targets.find((each) => typeof each === "string" && each.endsWith(".sock"));
    inspectMount(
      inspection,
      { path, source: value, target: typeof target === "string" ? target : "", readOnly },
      false,
    );
  }
}

/** How a container mounts a volume; a mount that can't be read may be one of it. */
function mountsOf({ path, value }: ReachedObject, volume: unknown): object[] {
  const mounts = read(value, "volumeMounts");
  if (mounts === undefined || mounts === null) return [];
  if (!Array.isArray(mounts)) return [{}];
  return itemsOf(mounts, path).flatMap(({ value: mount }) => {
    if (!isObject(mount)) return [{}];
    const name = read(mount, "name");
    return name === volume || typeof name !== "string" ? [mount] : [];
  });
}

/** A disk of a node's under another name. */
export function inspectPersistentVolume(inspection: Inspection, props: Reached, prefix: string): void {
  for (const field of ["hostPath", "local"])
    for (const { path, value } of inspection.texts(props, `${prefix}spec.${field}.path`))
      inspectMount(inspection, { path, source: value, target: "", readOnly: false }, false);
}

export function inspectKubernetesService(inspection: Inspection, props: Reached, prefix: string): void {
  for (const { path, value } of inspection.texts(props, `${prefix}spec.type`))
    if (isPublicService(value)) inspection.report("publicBind", path, publicServiceTold(value));
  for (const { path, value } of inspection.texts(props, `${prefix}spec.externalIPs[]`))
    inspection.report("publicBind", path, publicServiceTold(value));
}

export function isPublicService(type: string): boolean {
  return type === "NodePort" || type === "LoadBalancer";
}

export function publicServiceTold(what: string): Told {
  return {
    what: `the service is open outside of the cluster (${quoted(what)})`,
    why: "what the ingress does not see can't be held while an update cuts over, and anyone reaches it",
    write: "type: ClusterIP, and an Ingress in front",
  };
}

export function inspectRoleBinding(
  inspection: Inspection,
  props: Reached,
  prefix: string,
  isOfCluster: boolean,
): void {
  for (const { path, value } of inspection.texts(props, `${prefix}roleRef.name`))
    if (value === "cluster-admin") reportWide(inspection, path, "the role cluster-admin", isOfCluster);
}

export function inspectRole(
  inspection: Inspection,
  props: Reached,
  prefix: string,
  isOfCluster: boolean,
): void {
  for (const rule of inspection.objects(props, `${prefix}rules[]`)) {
    const isEvery = (field: string) =>
      inspection.texts(rule, `${field}[]`).filter(({ value }) => value === "*").length > 0;
    // Each is read, so that what can't be is said whatever the others say.
    const every = [isEvery("apiGroups"), isEvery("resources"), isEvery("verbs")];
    if (every.every((each) => each))
      reportWide(inspection, rule.path, "every right to everything", isOfCluster);
  }
}

function reportWide(inspection: Inspection, path: string, what: string, isOfCluster: boolean): void {
  inspection.report(isOfCluster ? "clusterAdmin" : "wideRole", path, {
    what: `it gives ${what} in the whole ${isOfCluster ? "cluster" : "namespace"}`,
    why: "whoever gets into that account then has every instance and every secret",
    write: "the resources and verbs that are needed, in one namespace",
  });
}
