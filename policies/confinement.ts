import { malformed, notKnown, type Reached, reach, read } from "./guarded-read.ts";
import { containerLists } from "./image-paths.ts";
import type { Inspection } from "./privilege.ts";
import { quoted, type Told } from "./verdict.ts";

export function unconfinedTold(option: string): Told {
  return {
    what: `${quoted(option)} switches a confinement off`,
    why: "then a fault in the kernel is enough to leave the container",
    write: "nothing, and the engine's own profile holds",
  };
}

export const privilegedTold: Told = {
  what: "the container is privileged",
  why: "then nothing keeps it from its host",
  write: "privileged: false, and the one capability that it needs, if any",
};

/** SELinux types of what a host runs itself: none of them keeps a process from anything that a container should not reach. */
const hostTypes = new Set([
  "container_runtime_t",
  "docker_t",
  "init_t",
  "initrc_t",
  "kernel_t",
  "kubelet_t",
  "spc_t",
  "sysadm_t",
]);

/** Whether an SELinux type confines nothing: `spc_t`, `unconfined_t`. */
export function isUnconfinedType(type: string): boolean {
  const known = type.trim().toLowerCase();
  return hostTypes.has(known) || /^unconfined(_[a-z_]+)?_t$/.test(known);
}

/** `seccomp=unconfined`, also with a colon as older engines take it, and what lifts other limits. */
export function isUnconfinedOption(option: string): boolean {
  const [, key = "", value = ""] = /^([^=:]*)[=:](.*)$/s.exec(option.trim().toLowerCase()) ?? [];
  switch (key) {
    case "seccomp":
    case "apparmor":
    case "systempaths":
      return value === "unconfined";
    case "label": {
      const [, type = ""] = /^type[:=](.*)$/.exec(value) ?? [];
      return value === "disable" || isUnconfinedType(type);
    }
    case "no-new-privileges":
      return value === "false";
    default:
      return false;
  }
}

const profiles = ["seccompProfile", "appArmorProfile"];
const labels = "seLinuxOptions";
const hostProcess = "windowsOptions.hostProcess";

/** What of a pod's `securityContext` counts for none of its containers: each of them has its own. */
export function overriddenIn(pod: object): ReadonlySet<string> {
  if (read(pod, "securityContext") === undefined) return none;
  const containers = containerLists.flatMap((list) => reach(pod, list));
  if (containers.length === 0) return none;
  const isOwn = (container: unknown, field: string) =>
    reach(container, `securityContext.${field}`).some(
      ({ value }) => value !== notKnown && value !== malformed,
    );
  return new Set(
    [...profiles, labels, hostProcess].filter((field) =>
      containers.every(({ value }) => isOwn(value, field)),
    ),
  );
}

const none: ReadonlySet<string> = new Set();

/** What both a pod and each of its containers can say. @param overridden - what counts for nobody. */
export function inspectConfinement(inspection: Inspection, from: Reached, overridden = none): void {
  const context = "securityContext";
  for (const profile of profiles)
    for (const { path, value } of inspection.texts(from, `${context}.${profile}.type`))
      if (value === "Unconfined" && !overridden.has(profile))
        inspection.report("unconfined", path, unconfinedTold(`${profile}: Unconfined`));
  for (const { path, value } of inspection.texts(from, `${context}.${labels}.type`))
    if (isUnconfinedType(value) && !overridden.has(labels))
      inspection.report("unconfined", path, unconfinedTold(`${labels}: ${value}`));
  for (const path of inspection.flagged(from, `${context}.${hostProcess}`))
    if (!overridden.has(hostProcess)) inspection.report("privileged", path, privilegedTold);
}
