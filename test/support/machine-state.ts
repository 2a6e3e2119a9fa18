import { execFileSync } from "node:child_process";
import { accessSync, constants, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mountedHierarchies } from "../../toolchain/kubernetes/control-groups.ts";

/** What a cluster must not change of the machine, each as lines that are compared. */
export interface MachineState {
  sysctls: string[];
  links: string[];
  mounts: string[];
  firewall: string[];
  controlGroups: string[];
  /** What lies directly in the folders that such programs make theirs in. */
  folders: string[];
}

/** Of Docker engines, which other tests use meanwhile. */
const engines =
  /docker|\bbr-[0-9a-f]{12}\b|\bcfe-|\bveth[0-9a-f]{7}\b|\b172\.(1[6-9]|2\d|3[01])\.|\b192\.168\./i;

/** The whole machine as it is now, without what an engine of Docker changes. */
export function machineState(): MachineState {
  const own = (lines: string[]) => lines.filter((line) => !engines.test(line)).sort();
  const links = execFileSync("ip", ["-oneline", "-brief", "link"], { encoding: "utf8" });
  const groups = mountedHierarchies().flatMap(({ folder }) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((item) => item.isDirectory())
      .map(({ name }) => join(folder, name)),
  );
  return {
    sysctls: own(sysctls("/proc/sys")),
    links: own(links.split("\n").map((line) => line.split(/[ @]/)[0] ?? "")),
    mounts: own(readFileSync("/proc/self/mounts", "utf8").split("\n").filter(isOfMachine)),
    firewall: own(["iptables-save", "ip6tables-save"].flatMap(rules)),
    controlGroups: own(groups),
    folders: own(["/etc", "/opt", "/usr/libexec", "/var/lib", "/var/log", "/run"].flatMap(namesIn)),
  };
}

/** Other tests mount disks of their own below the folder for temporary files; a cluster's folder is known by its name. */
function isOfMachine(mount: string): boolean {
  const place = mount.split(" ")[1] ?? "";
  return !place.startsWith(`${tmpdir()}/`) || place.includes("/clawforce-cluster-");
}

/** What is in the second state and not in the first one (+), and what is no longer there (-). */
export function changesBetween(before: MachineState, after: MachineState): string[] {
  return (Object.keys(before) as (keyof MachineState)[]).flatMap((kind) => [
    ...after[kind].filter((line) => !before[kind].includes(line)).map((line) => `+ ${kind}: ${line}`),
    ...before[kind].filter((line) => !after[kind].includes(line)).map((line) => `- ${kind}: ${line}`),
  ]);
}

/** Settings alone: a file that nobody may write is a measurement. So is the last process id. */
function sysctls(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((item) => {
    const path = join(folder, item.name);
    if (item.isDirectory()) return sysctls(path);
    return isSetting(path) ? [`${path} = ${readFileSync(path, "utf8").trim()}`] : [];
  });
}

function isSetting(path: string): boolean {
  // One folder for each link: they come and go with it.
  if (/\/(conf|neigh)\/(?!all\/|default\/)/.test(path) || path.endsWith("/ns_last_pid")) return false;
  try {
    readFileSync(path);
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Without counters and times. */
function rules(program: string): string[] {
  return execFileSync(program, { encoding: "utf8" })
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => `${program} ${line.replace(/ ?\[\d+:\d+\] ?/, "")}`);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** The ids of all processes in the process namespace of a process that `pid` or a child of it has started. */
export function processesUnder(pid: number): { namespace: string; pids: number[] } {
  const all = allProcesses();
  const own = namespaceOf(pid);
  const below = new Set([pid]);
  for (let size = 0; size !== below.size; ) {
    size = below.size;
    for (const each of all) if (below.has(parentOf(each))) below.add(each);
  }
  const namespace = [...below].map(namespaceOf).find((each) => each !== "" && each !== own) ?? "none";
  return { namespace, pids: processesIn(namespace) };
}

export function processesIn(namespace: string): number[] {
  return allProcesses().filter((pid) => namespaceOf(pid) === namespace);
}

/** The ids of all processes in whose arguments the text stands. */
export function processesNaming(text: string): number[] {
  return allProcesses().filter((pid) => argumentsOf(pid).some((argument) => argument.includes(text)));
}

/** The program that a process runs, as it was started. */
export function commandOf(pid: number): string {
  return argumentsOf(pid)[0] ?? "";
}

function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function allProcesses(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function namespaceOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return "";
  }
}

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return -1;
  }
}
