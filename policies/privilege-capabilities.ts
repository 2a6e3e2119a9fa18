import type { Reached } from "./guarded-read.ts";
import type { Inspection } from "./privilege.ts";
import { quoted } from "./verdict.ts";

/** Those that may be added, upper-case, without `CAP_`. */
export type Capabilities = readonly string[];

/** What an engine gives each container anyway: adding it back after `drop: ALL` gives nothing more. */
export const usualCapabilities: Capabilities = [
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "NET_RAW",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
];

export function inspectCapabilities(
  inspection: Inspection,
  from: Reached,
  path: string,
  allowed: Capabilities,
): void {
  for (const added of inspection.texts(from, path)) {
    if (allowed.includes(bareName(added.value))) continue;
    inspection.report("capability", added.path, {
      what: `the container has the capability ${quoted(added.value)} added`,
      why: "it is a part of root's power over the host",
      write: "no such capability",
    });
  }
}

/** `CAP_SYS_ADMIN` and `sys_admin` are one. */
export function bareName(capability: string): string {
  return capability.trim().toUpperCase().replace(/^CAP_/, "");
}
