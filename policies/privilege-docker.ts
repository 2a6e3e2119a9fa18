import { isUnconfinedOption, isUnconfinedType, privilegedTold, unconfinedTold } from "./confinement.ts";
import { dockerMountsOf, volumeSources } from "./docker-mounts.ts";
import { notKnown, type Reached, read } from "./guarded-read.ts";
import { inspectMount } from "./host-path.ts";
import type { MountSource } from "./mount-source.ts";
import { NotedRead, type Part } from "./noted-read.ts";
import { below, type Inspection } from "./privilege.ts";
import { type Capabilities, inspectCapabilities } from "./privilege-capabilities.ts";
import { quoted, type Told } from "./verdict.ts";

/** What a container is to the fleet, by the components that it belongs to. */
export type ContainerRole = "control plane" | "ingress" | "other";

const containerType = "docker:index/container:Container";
const serviceType = "docker:index/service:Service";

/** A container of Docker's, by its inputs. */
export function inspectContainer(
  inspection: Inspection,
  props: Part,
  role: ContainerRole,
  capabilities: Capabilities,
): void {
  for (const path of inspection.flagged(props, "privileged"))
    inspection.report("privileged", path, privilegedTold);
  for (const [key, what] of namespaceModes)
    for (const { path, value } of inspection.texts(props, key)) inspectMode(inspection, path, value, what);
  for (const { path, value } of inspection.texts(props, "networksAdvanced[].name"))
    inspectMode(inspection, path, value, "network");
  inspectCapabilities(inspection, props, "capabilities.adds[]", capabilities);
  for (const { path, value } of inspection.texts(props, "devices[].hostPath"))
    inspection.report("device", path, deviceTold(value));
  for (const { path, value } of inspection.texts(props, "gpus"))
    if (value !== "") inspection.report("device", path, deviceTold(`gpus: ${value}`));
  for (const { path, value } of inspection.texts(props, "deviceCgroupRules[]"))
    inspection.report("device", path, deviceTold(value));
  for (const { path, value } of inspection.texts(props, "securityOpts[]"))
    if (isUnconfinedOption(value)) inspection.report("unconfined", path, unconfinedTold(value));
  const mayHaveSocket = role === "control plane";
  inspectMounts(inspection, containerType, props, mayHaveSocket);
  if (role !== "ingress") inspectPublished(inspection, props);
  inspectLabels(inspection, props, "labels[]");
}

/** A service of a swarm's, by its inputs. */
export function inspectService(inspection: Inspection, props: Part, capabilities: Capabilities): void {
  const specs = inspection.objects(props, "taskSpec.containerSpec");
  for (const { path, value } of inspection.texts(props, "taskSpec.networksAdvanceds[].name"))
    inspectMode(inspection, path, value, "network");
  inspectLabels(inspection, props, "labels[]");
  for (const port of inspection.objects(props, "endpointSpec.ports[]"))
    inspection.report("publicBind", port.path, {
      what: "the port is published on every node",
      ...publishedTold,
      write: "no published port; the ingress reaches the service by its network",
    });
  inspectMounts(inspection, serviceType, props, false);
  for (const spec of specs) {
    inspectCapabilities(inspection, spec, "capAdds[]", capabilities);
    for (const path of inspection.flagged(spec, "privileges.seLinuxContext.disable"))
      inspection.report("unconfined", path, unconfinedTold("label=disable"));
    for (const { path, value } of inspection.texts(spec, "privileges.seLinuxContext.type"))
      if (isUnconfinedType(value))
        inspection.report("unconfined", path, unconfinedTold(`label=type:${value}`));
    inspectLabels(inspection, spec, "labels[]");
  }
}

/** A volume that is something of the host under another name. */
export function inspectDockerVolume(inspection: Inspection, props: Part): void {
  const note = new NotedRead();
  for (const source of volumeSources(note, props)) inspectSource(inspection, source, "", false);
  for (const problem of note.problems) inspection.reportProblem(problem);
}

/** A plugin of the engine's runs beside it, with what it is granted. */
export function inspectPlugin(inspection: Inspection, props: Reached): void {
  for (const path of inspection.flagged(props, "grantAllPermissions"))
    inspection.report("privileged", path, {
      what: "the plugin is granted whatever it asks for",
      why: "a later version of it may ask for the whole host",
      write: "grantPermissions with what this version needs",
    });
}

const namespaceModes: readonly [key: string, what: string][] = [
  ["networkMode", "network"],
  ["pidMode", "processes"],
  ["ipcMode", "shared memory"],
  ["usernsMode", "users"],
  ["cgroupnsMode", "control groups"],
];

function inspectMode(inspection: Inspection, path: string, mode: string, what: string): void {
  if (mode === "host") inspection.report("hostNamespace", path, hostNamespaceTold(what));
  else if (mode.startsWith("container:"))
    inspection.report("otherContainer", path, otherContainerTold(mode.slice("container:".length), what));
}

export function hostNamespaceTold(what: string): Told {
  return {
    what: `the container has the ${what} of its host`,
    why: "then it reaches what other instances and the host keep for themselves",
    write: "nothing, or a namespace of its own",
  };
}

function otherContainerTold(container: string, what: string): Told {
  return {
    what: `the container has the ${what} of the container ${quoted(container)}`,
    why: "each of the two then has what the other is allowed",
    write: "nothing of another container; a network of their own lets two containers talk",
  };
}

export function deviceTold(device: string): Told {
  return {
    what: `the container has the device ${quoted(device)} of its host`,
    why: "a device is a way to the host's disks and memory",
    write: "no device",
  };
}

function inspectMounts(inspection: Inspection, type: string, props: Part, mayHaveSocket: boolean): void {
  const note = new NotedRead();
  for (const { target, sources } of dockerMountsOf(note, type, props))
    for (const source of sources) inspectSource(inspection, source, target, mayHaveSocket);
  for (const problem of note.problems) inspection.reportProblem(problem);
}

/** What a mount gives away of the host, or of another container. */
function inspectSource(
  inspection: Inspection,
  source: MountSource,
  target: string,
  mayHaveSocket: boolean,
): void {
  if (!("text" in source)) return;
  const { kind, path, text, readOnly } = source;
  if (kind === "container") inspection.report("otherContainer", path, otherContainerTold(text, "volumes"));
  else inspectMount(inspection, { path, source: text, target, readOnly }, mayHaveSocket);
}

const publishedTold = {
  why: "what the ingress does not see can't be held while an update cuts over, and anyone reaches it",
};

function inspectPublished(inspection: Inspection, props: Reached): void {
  for (const path of inspection.flagged(props, "publishAllPorts"))
    inspection.report("publicBind", path, {
      what: "all ports of the image are published on all addresses of the host",
      ...publishedTold,
      write: "ports with the ip 127.0.0.1, or none behind the ingress",
    });
  for (const port of inspection.objects(props, "ports[]")) {
    const addresses =
      below(port, "ip").length === 0 ? [{ path: port.path, value: "" }] : inspection.texts(port, "ip");
    for (const { path, value } of addresses) inspectAddress(inspection, path, value);
  }
}

/** @param address - empty for all of them. */
export function inspectAddress(inspection: Inspection, path: string, address: string): void {
  const bare = address.trim().replace(/^\[(.*)\]$/, "$1");
  const write = 'the ip "127.0.0.1", or no port: the ingress reaches the container by its network';
  if (isEveryAddress(bare))
    inspection.report("publicBind", path, {
      what: `the port is published on all addresses of the host (${quoted(address)})`,
      ...publishedTold,
      write,
    });
  else if (!/^127(\.\d{1,3}){3}$/.test(bare) && bare !== "::1")
    inspection.report("openBind", path, {
      what: `the port is published on the address ${quoted(address)}`,
      ...publishedTold,
      write,
    });
}

function isEveryAddress(address: string): boolean {
  return /^(::ffff:)?(0+\.){0,3}0*$/i.test(address) || /^[0:]*$/.test(address);
}

/** Labels as Docker's resources have them: objects with `label` and `value`. */
function inspectLabels(inspection: Inspection, from: Reached, path: string): void {
  for (const each of inspection.objects(from, path)) {
    for (const { value } of inspection.texts(each, "label"))
      if (value === managerLabel)
        inspectManager(inspection, { path: `${each.path}.value`, value: read(each.value, "value") });
  }
}

/** The label that a control plane gives the containers that it makes, and the programs that do. */
export const managerLabel = "managed-by";
const controlPlanes = ["clawforce", "claworc"];

export function inspectManager(inspection: Inspection, { path, value }: Reached): void {
  if (value === notKnown) inspection.reportUnknown(path);
  else if (typeof value === "string" && controlPlanes.includes(value.toLowerCase()))
    inspection.report("managedContainer", path, {
      what: `the label says that the control plane ${quoted(value)} manages it`,
      why: "the control plane makes it anew from its own database, behind the back of this program",
      write: "no such resource: set the image through the control plane, as a managed instance group",
    });
}
