import { createRequire } from "node:module";
import { leastPrivilege } from "../../policies/least-privilege.ts";
import type { PrivilegeKind } from "../../policies/privilege.ts";
import { judged, type Resource } from "./judged.ts";

/** The SDK's own reader, once a test needs it: it loads the whole engine's SDK, half a second for each test file. */
let loaded: { read(sent: object, proxySecrets: boolean): object; message(value: object): object } | undefined;

function sdk(): NonNullable<typeof loaded> {
  if (loaded === undefined) {
    const require = createRequire(import.meta.url);
    const protobuf = createRequire(require.resolve("@pulumi/policy"));
    const { deserializeProperties: read } = require("@pulumi/policy/deserialize.js");
    const { Struct } = protobuf("google-protobuf/google/protobuf/struct_pb.js");
    loaded = { read, message: (value) => Struct.fromJavaScript(value) };
  }
  return loaded;
}

/** A value as the engine sends it when the program holds it as a secret. */
export function secret(value: unknown): object {
  return { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value };
}

/** A message of the engine with the properties of a resource. */
export function messageWith(properties: object): object {
  return sdk().message(properties);
}

/** What the SDK hands out of such a message: to a policy that judges, or to one that may mend. */
export function handed(message: object, to: "judge" | "mend"): object {
  return sdk().read(message, to === "mend");
}

/** Properties as the SDK hands them to a policy, out of what the engine has sent. */
export function received(properties: object): object {
  return handed(messageWith(properties), "judge");
}

const root = "whoever talks to the engine is root on its host, and on every instance there";
const seen = "what the ingress does not see can't be held while an update cuts over, and anyone reaches it";
const inCommon = "each of the two then has what the other is allowed";
const loopback = 'the ip "127.0.0.1", or no port: the ingress reaches the container by its network';

/** Why a finding matters and what to write instead, where that is the same for all of its kind. */
const rest: Readonly<Record<string, readonly [why: string, write: string]>> = {
  unknown: [
    "nobody can review what is not known",
    "it as literal text or number, not the output of another resource",
  ],
  unknownEntry: [
    "it can't be told whether it gives a privilege",
    "it as literal text where that is possible; nothing otherwise",
  ],
  engineSocket: [root, "no such mount; the control plane's container alone has the socket"],
  engineAddress: [root, "no such variable; the control plane alone talks to the engine"],
  privileged: [
    "then nothing keeps it from its host",
    "privileged: false, and the one capability that it needs, if any",
  ],
  escalation: [
    "a program with the bit of another user then makes itself root",
    "allowPrivilegeEscalation: false",
  ],
  hostNamespace: [
    "then it reaches what other instances and the host keep for themselves",
    "nothing, or a namespace of its own",
  ],
  otherContainer: [inCommon, "nothing of another container; a network of their own lets two containers talk"],
  capability: ["it is a part of root's power over the host", "no such capability"],
  device: ["a device is a way to the host's disks and memory", "no device"],
  unconfined: [
    "then a fault in the kernel is enough to leave the container",
    "nothing, and the engine's own profile holds",
  ],
  hostFolder: [
    "whoever writes there can take the host over",
    "a volume, or a folder that belongs to this container alone, such as one below /srv",
  ],
  hostFolderRead: [
    "the host's own settings and secrets are there",
    "a volume, or a folder that belongs to this container alone, such as one below /srv",
  ],
  publicBind: [seen, loopback],
  openBind: [seen, loopback],
  plainSecret: [
    "it stands unencrypted where many can read it, and stays there",
    "a secret of the stack's configuration: pulumi config set --secret, and requireSecret",
  ],
  managedContainer: [
    "the control plane makes it anew from its own database, behind the back of this program",
    "no such resource: set the image through the control plane, as a managed instance group",
  ],
  wideRole: [
    "whoever gets into that account then has every instance and every secret",
    "the resources and verbs that are needed, in one namespace",
  ],
  clusterAdmin: [
    "whoever gets into that account then has every instance and every secret",
    "the resources and verbs that are needed, in one namespace",
  ],
};

const warned = ["unknownEntry", "opaque", "escalation", "hostFolderRead", "openBind", "wideRole"];

/** The whole message that a finding makes; `write` where its kind has more than one. */
export function privilege(kind: PrivilegeKind, path: string, what?: string, write?: string): string {
  const [why, usual] = rest[kind] ?? [];
  const told = what ?? "the value is not known at preview";
  const message = `[least-privilege] web ${path}: ${told}. Why: ${why}. Write: ${write ?? usual}.`;
  return warned.includes(kind)
    ? `advisory: A container has no more than its work takes\n${message}`
    : message;
}

/** What `least-privilege` says of a resource. */
export function privileges(resource: Resource, config: object = {}): string[] {
  return judged(leastPrivilege, resource, config).map(({ message, level }) =>
    level === undefined ? message : `${level}: ${message}`,
  );
}

/** A container of Docker's in the components that a gateway of ours is in. */
export const instance = [
  "pulumi:pulumi:Stack",
  "clawforce:fleet:Fleet",
  "clawforce:fleet:InstanceGroup",
  "clawforce:fleet:Workload",
];

export function containerPrivileges(props: object, parents: readonly string[] = instance): string[] {
  return privileges({ type: "docker:index/container:Container", props, parents });
}

/** Messages that more than one platform has. */
export const said = {
  privileged: (path: string) => privilege("privileged", path, "the container is privileged"),
  namespace: (path: string, what: string) =>
    privilege("hostNamespace", path, `the container has the ${what} of its host`),
  unconfined: (path: string, option: string) =>
    privilege("unconfined", path, `"${option}" switches a confinement off`),
  socket: (path: string, source: string, verb = "is") =>
    privilege(
      "engineSocket",
      path,
      `the mount of ${JSON.stringify(source)} ${verb} the socket of a container engine`,
    ),
  folder: (kind: "hostFolder" | "hostFolderRead", path: string, source: string) =>
    privilege(
      kind,
      path,
      `the container can ${kind === "hostFolder" ? "write" : "read"} ${JSON.stringify(source)} of its host`,
    ),
  open: (path: string, address: string) =>
    privilege(
      "publicBind",
      path,
      `the port is published on all addresses of the host (${JSON.stringify(address)})`,
    ),
  plain: (path: string, name: string, write?: string, part = "secret") =>
    privilege("plainSecret", path, `"${name}" has its ${part} in plain (not shown here)`, write),
  managed: (path: string, by = "claworc") =>
    privilege("managedContainer", path, `the label says that the control plane "${by}" manages it`),
  malformed: (path: string, shape: string) =>
    `[least-privilege] web ${path}: the value is no ${shape}. Why: what can't be read can't be judged. Write: a ${shape}.`,
};
