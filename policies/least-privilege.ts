import { notKnown, propertiesOf, type Reached, read } from "./guarded-read.ts";
import { type EnvironmentPath, knownTypes } from "./image-paths.ts";
import { inspectPlainOptions, plainSwarmSecret } from "./plain-options.ts";
import { reportPlain, variablesAt } from "./plain-secrets.ts";
import { plainIn, plainInWhole, plainLines } from "./plain-values.ts";
import { variantsOf } from "./pod-kinds.ts";
import { Inspection, type Privilege, type PrivilegeKind, privilegeKinds } from "./privilege.ts";
import { bareName, type Capabilities, usualCapabilities } from "./privilege-capabilities.ts";
import {
  type ContainerRole,
  inspectContainer,
  inspectDockerVolume,
  inspectManager,
  inspectPlugin,
  inspectService,
  managerLabel,
} from "./privilege-docker.ts";
import {
  inspectKubernetesService,
  inspectPersistentVolume,
  inspectPods,
  inspectRole,
  inspectRoleBinding,
  itemPrefix,
  podPathOf,
} from "./privilege-kubernetes.ts";
import { searchPrivileges } from "./privilege-walk.ts";
import { type JudgedInputs, resourceRule, type Settings } from "./rule.ts";
import { isMarkedSecret } from "./secret-marks.ts";
import { quoted } from "./verdict.ts";

/** What nobody could judge is not the choice of anyone who writes an exemption. */
const notExemptible: readonly PrivilegeKind[] = ["unknown", "unknownEntry", "malformed"];

export const leastPrivilege = resourceRule<PrivilegeKind>({
  name: "least-privilege",
  description: "A container has no more than its work takes",
  severity: "high",
  remediationSteps:
    "Take the privilege away. If a resource of this program needs it for a while, name that resource in `exemptions`, with a reason and a last day.",
  kinds: privilegeKinds,
  milder: {
    unknownEntry: "advisory",
    opaque: "advisory",
    escalation: "advisory",
    hostFolderRead: "advisory",
    openBind: "advisory",
    wideRole: "advisory",
  },
  exemptible: privilegeKinds.filter((kind) => !notExemptible.includes(kind)),
  settings: {
    capabilities: {
      type: "array",
      items: { type: "string", minLength: 1 },
      description: "Capabilities that may be added, in any case, with or without CAP_",
      default: [...usualCapabilities],
    },
  },
  judge: (resource, settings) =>
    privilegesOf(resource, allowedCapabilities(settings)).map((each) => ({
      resource: resource.name,
      ...each,
    })),
});

function allowedCapabilities(settings: Settings): Capabilities {
  const written = settings.texts("capabilities");
  return settings.has("capabilities") ? written.map(bareName) : usualCapabilities;
}

function privilegesOf(resource: JudgedInputs, capabilities: Capabilities): readonly Privilege[] {
  const inspection = new Inspection();
  const { type } = resource;
  if (type.startsWith("docker:")) inspectDocker(inspection, resource, capabilities);
  else if (type.startsWith("kubernetes:")) inspectKubernetes(inspection, resource, capabilities);
  else if (type.startsWith("command:"))
    inspectVariables(inspection, resource, { path: "environment", form: "map" }, () => false);
  else if (type.startsWith("pulumi:providers:")) inspectProvider(inspection, resource);
  return inspection.found;
}

function inspectDocker(inspection: Inspection, resource: JudgedInputs, capabilities: Capabilities): void {
  const { type, props } = resource;
  const whole = { path: "", value: props };
  const role = roleOf(resource);
  if (type === "docker:index/container:Container") inspectContainer(inspection, whole, role, capabilities);
  else if (type === "docker:index/service:Service") inspectService(inspection, whole, capabilities);
  else if (type === "docker:index/volume:Volume") inspectDockerVolume(inspection, whole);
  else if (type === "docker:index/plugin:Plugin") {
    inspectPlugin(inspection, whole);
    inspectVariables(inspection, resource, { path: "envs", form: "assignments" }, () => false);
  } else if (type === "docker:index/secret:Secret") {
    for (const path of plainSwarmSecret(props, (at) => isMarkedSecret(props, at)))
      reportPlain(inspection, path, { name: resource.name, part: "secret", write: asSecret });
  } else if (!knownTypes.has(type)) search(inspection, resource, capabilities, whole);
  const isMarked = (path: string) => isMarkedSecret(props, path);
  inspectPlainOptions(inspection, { type, props, isMarked, write: asSecret });
  for (const environment of knownTypes.get(type)?.environment ?? [])
    inspectVariables(
      inspection,
      resource,
      environment,
      (name) => role !== "control plane" && namesEngine(name),
    );
}

/** Their objects are resources of their own, judged one by one; or they describe objects and run none. */
const judgedElsewhere =
  /^kubernetes:(helm\.sh\/v[34]:Chart|kustomize\/|yaml(\/v2)?:|apiextensions\.k8s\.io\/v1(beta1)?:CustomResourceDefinition)/;

const services = variantsOf("kubernetes:core/v1:Service");
const persistentVolumes = variantsOf("kubernetes:core/v1:PersistentVolume");
const configMaps = variantsOf("kubernetes:core/v1:ConfigMap");
const secrets = variantsOf("kubernetes:core/v1:Secret");
const roleTypes =
  /^kubernetes:rbac\.authorization\.k8s\.io\/v1(?:alpha1|beta1)?:(Cluster)?Role(Binding)?(?:Patch|List)?$/;

function inspectKubernetes(inspection: Inspection, resource: JudgedInputs, capabilities: Capabilities): void {
  const { type, props } = resource;
  if (judgedElsewhere.test(type)) return;
  const whole = { path: "", value: props };
  const prefix = itemPrefix(type);
  const rbac = roleTypes.exec(type);
  for (const { key, ...entry } of inspection.entries(whole, `${prefix}metadata.labels`))
    if (key === managerLabel) inspectManager(inspection, entry);
  const podPath = podPathOf(type);
  if (podPath !== undefined) {
    inspectPods(inspection, whole, podPath, { capabilities, isWhole: !type.endsWith("Patch") });
    for (const environment of knownTypes.get(type)?.environment ?? [])
      inspectVariables(inspection, resource, environment, namesEngine);
  } else if (services.includes(type)) inspectKubernetesService(inspection, whole, prefix);
  else if (persistentVolumes.includes(type)) inspectPersistentVolume(inspection, whole, prefix);
  else if (configMaps.includes(type)) inspectConfigMap(inspection, whole, prefix);
  else if (rbac !== null) {
    const [, cluster, binding] = rbac;
    const inspect = binding === undefined ? inspectRole : inspectRoleBinding;
    inspect(inspection, whole, prefix, cluster !== undefined);
  } else if (type === "kubernetes:helm.sh/v3:Release") inspectRelease(inspection, resource, capabilities);
  else if (!secrets.includes(type))
    for (const { key, value } of propertiesOf(props, ""))
      if (key !== "status") search(inspection, resource, capabilities, { path: "", value: { [key]: value } });
}

function inspectRelease(inspection: Inspection, resource: JudgedInputs, capabilities: Capabilities): void {
  search(inspection, resource, capabilities, { path: "values", value: read(resource.props, "values") });
  inspection.report("opaque", "chart", {
    what: "nobody can see here what the chart makes of its values",
    why: "a policy sees the values of a release, not its chart and files",
    write: "nothing, if you have read what the chart makes; helm template shows it",
  });
}

function search(
  inspection: Inspection,
  { props }: JudgedInputs,
  capabilities: Capabilities,
  from: Reached,
): void {
  const isMarked = (path: string) => isMarkedSecret(props, path);
  searchPrivileges({ inspection, capabilities, isMarked, overridden: new Set() }, from);
}

/** A token in a kubeconfig, a password; what has parts comes as JSON. */
function inspectProvider(inspection: Inspection, { props }: JudgedInputs): void {
  for (const { key, path, value } of propertiesOf(props, "")) {
    if (isMarkedSecret(props, path)) continue;
    if (value === notKnown) inspection.reportUnknownEntry(path);
    if (typeof value !== "string") continue;
    const lines = plainLines(value);
    const part = plainInWhole({ name: key, value }, lines);
    if (part !== undefined) reportPlain(inspection, path, { name: key, part, write: asSecret });
    for (const { line, key: name } of lines)
      reportPlain(inspection, `${path} line ${line}`, { name, part: "secret", write: asSecret });
  }
}

/** Whoever may read the object may read a ConfigMap; a mark of the engine's does not reach the cluster. */
function inspectConfigMap(inspection: Inspection, whole: Reached, prefix: string): void {
  for (const { key, path, value } of inspection.entries(whole, `${prefix}data`)) {
    if (value === notKnown) inspection.reportUnknownEntry(path);
    if (typeof value !== "string") continue;
    const lines = plainLines(value);
    const part = plainInWhole({ name: key, value }, lines);
    if (part !== undefined) reportPlain(inspection, path, { name: key, part, write: "it into a Secret" });
    for (const { line, key: name } of lines)
      reportPlain(inspection, `${path} line ${line}`, { name, part: "secret", write: "it into a Secret" });
  }
}

const asSecret = "a secret of the stack's configuration: pulumi config set --secret, and requireSecret";

function inspectVariables(
  inspection: Inspection,
  { type, props }: JudgedInputs,
  environment: EnvironmentPath,
  isEngine: (name: string) => boolean,
): void {
  const isPod = type.startsWith("kubernetes:");
  for (const variable of variablesAt(inspection, { path: "", value: props }, environment)) {
    const { name, value, path } = variable;
    if (isEngine(name) && value !== "" && (value !== undefined || isPod))
      inspection.report("engineAddress", path, {
        what: `the variable ${quoted(name)} names a container engine`,
        why: "whoever talks to the engine is root on its host, and on every instance there",
        write: "no such variable; the control plane alone talks to the engine",
      });
    const part = plainIn(variable);
    // In a pod's specification a mark is lost: whoever may read the pod may read the value.
    if (part !== undefined && (isPod || !isMarkedSecret(props, path)))
      reportPlain(inspection, path, {
        name,
        part,
        write: isPod ? "valueFrom with a secretKeyRef" : asSecret,
      });
  }
}

/** `DOCKER_HOST`, also with the control plane's own prefix before it. */
function namesEngine(name: string): boolean {
  return /^(.*_)?(DOCKER|CONTAINER|PODMAN)_HOST$|^(.*_)?CONTAINERD_ADDRESS$/i.test(name);
}

/** By the types of the components that it is in, which the engine writes into its URN. */
function roleOf({ urn }: JudgedInputs): ContainerRole {
  const types = urn.split("::")[2] ?? "";
  if (
    types.endsWith("$clawforce:fleet:ControlPlane$clawforce:fleet:Workload$docker:index/container:Container")
  )
    return "control plane";
  return types.endsWith("$clawforce:fleet:Ingress$docker:index/container:Container") ? "ingress" : "other";
}
