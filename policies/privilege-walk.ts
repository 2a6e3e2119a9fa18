import { isUnconfinedType, overriddenIn, privilegedTold, unconfinedTold } from "./confinement.ts";
import { isObject, itemsOf, notKnown, propertiesOf, type Reached, read } from "./guarded-read.ts";
import { inspectMount, isEngineSocket } from "./host-path.ts";
import { reportPlain } from "./plain-secrets.ts";
import { isLiteral, plainIn } from "./plain-values.ts";
import type { Inspection } from "./privilege.ts";
import { type Capabilities, inspectCapabilities } from "./privilege-capabilities.ts";
import { hostNamespaceTold, inspectAddress } from "./privilege-docker.ts";
import { escalationTold, isPublicService, publicServiceTold } from "./privilege-kubernetes.ts";
import { secretFormIn } from "./secret-forms.ts";
import { isSettingOfSecret, namesSecretInManifest } from "./secret-names.ts";
import type { Told } from "./verdict.ts";

/** What a search by names goes by. */
export interface Search {
  inspection: Inspection;
  capabilities: Capabilities;
  /** Whether the value at a path is a secret of the engine's. */
  isMarked: (path: string) => boolean;
  /** Of a pod, what counts for none of its containers: `spec.securityContext.seccompProfile`. */
  overridden: Set<string>;
}

/** Levels of nesting; deeper ones are taken for unknown, so that nothing hides below. */
const depthLimit = 64;

const flags: Readonly<Record<string, { kind: "privileged" | "escalation" | "hostNamespace"; told: Told }>> = {
  privileged: { kind: "privileged", told: privilegedTold },
  hostProcess: { kind: "privileged", told: privilegedTold },
  allowPrivilegeEscalation: { kind: "escalation", told: escalationTold },
  hostNetwork: { kind: "hostNamespace", told: hostNamespaceTold("network") },
  hostPID: { kind: "hostNamespace", told: hostNamespaceTold("processes") },
  hostIPC: { kind: "hostNamespace", told: hostNamespaceTold("shared memory") },
};

/** Searches values whose shape nobody has declared, by the names that manifests have for privileges. */
export function searchPrivileges(search: Search, at: Reached, depth = 0): void {
  const { inspection } = search;
  const { path, value } = at;
  if (value === notKnown || depth > depthLimit) inspection.reportUnknownEntry(path);
  else if (typeof value === "string") {
    if (value.startsWith("/") && isEngineSocket(value)) mount(search, at, value);
    searchForm(search, path, value);
  } else if (Array.isArray(value)) {
    for (const item of itemsOf(value, path)) searchPrivileges(search, item, depth + 1);
  } else if (isObject(value)) {
    searchVariable(search, path, value);
    const context = path === "" ? "securityContext" : `${path}.securityContext`;
    for (const field of overriddenIn(value)) search.overridden.add(`${context}.${field}`);
    const parent = path.slice(path.lastIndexOf(".") + 1);
    for (const property of propertiesOf(value, path)) searchProperty(search, property, parent, depth);
  }
}

/** A secret by its form. That of a variable is said with the variable's name. */
function searchForm({ inspection, isMarked }: Search, path: string, text: string): void {
  const name = path.slice(path.lastIndexOf(".") + 1);
  const part = name === "value" ? undefined : secretFormIn(text);
  if (part !== undefined && !isMarked(path)) reportPlain(inspection, path, { name, part, write: inSecret });
}

/** A variable as pods have it, wherever it stands. */
function searchVariable({ inspection, isMarked }: Search, parent: string, entry: object): void {
  const [name, value] = [read(entry, "name"), read(entry, "value")];
  if (typeof name !== "string" || !Object.hasOwn(entry, "value")) return;
  const path = `${parent}.value`;
  const part = plainIn({ name, value });
  if (part !== undefined && !isMarked(path)) reportPlain(inspection, path, { name, part, write: inSecret });
}

function searchProperty(
  search: Search,
  property: Reached & { key: string },
  parent: string,
  depth: number,
): void {
  const { inspection, isMarked } = search;
  const { key, path, value } = property;
  const flag = Object.hasOwn(flags, key) ? flags[key] : undefined;
  if (flag !== undefined) {
    if (value === notKnown) inspection.reportUnknown(path);
    else if ((value === true || value === "true") && !search.overridden.has(path))
      inspection.report(flag.kind, path, flag.told);
    return;
  }
  if (namesSecretInManifest(key) && typeof value === "string") {
    if (isLiteral(value) && !isSettingOfSecret(key, value) && !isMarked(path))
      reportPlain(inspection, path, { name: key, part: "secret", write: inSecret });
    return;
  }
  searchNamed(search, property, parent);
  searchPrivileges(search, property, depth + 1);
}

function searchNamed(search: Search, property: Reached & { key: string }, parent: string): void {
  const { inspection, capabilities, overridden } = search;
  const { key, path, value } = property;
  if (key === "capabilities" && isObject(value))
    for (const list of ["add", "adds"]) inspectCapabilities(inspection, property, `${list}[]`, capabilities);
  if (key === "hostPort" && typeof value === "number" && value > 0) inspectAddress(inspection, path, "");
  if (typeof value !== "string") return;
  if (key === "hostPath" || (key === "path" && parent === "hostPath")) mount(search, property, value);
  const isServiceType = key === "serviceType" || (key === "type" && /service$/i.test(parent));
  if (isServiceType && isPublicService(value))
    inspection.report("publicBind", path, publicServiceTold(value));
  if (key !== "type" || overridden.has(path.slice(0, -".type".length))) return;
  if (value === "Unconfined") inspection.report("unconfined", path, unconfinedTold(`${parent}: Unconfined`));
  if (parent === "seLinuxOptions" && isUnconfinedType(value))
    inspection.report("unconfined", path, unconfinedTold(`${parent}: ${value}`));
}

function mount({ inspection }: Search, { path }: Reached, source: string): void {
  inspectMount(inspection, { path, source, target: "", readOnly: false }, false);
}

const inSecret =
  "a reference to a Secret of the cluster, or a value that is a secret of the stack's configuration";
