import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A hierarchy of control groups that is mounted on this machine. */
export interface Hierarchy {
  readonly folder: string;
  /** Version 1 has one for each controller, version 2 one for all. */
  readonly version: 1 | 2;
}

/** Those in the text of /proc/mounts. */
export function hierarchiesIn(mounts: string): Hierarchy[] {
  return mounts.split("\n").flatMap((line): Hierarchy[] => {
    const [, folder = "", type] = line.split(" ");
    if (type === "cgroup") return [{ folder, version: 1 }];
    return type === "cgroup2" ? [{ folder, version: 2 }] : [];
  });
}

export function mountedHierarchies(): Hierarchy[] {
  return hierarchiesIn(readFileSync("/proc/mounts", "utf8"));
}

/** What version 1 must have for a kubelet. */
const neededControllers = ["cpu", "cpuacct", "cpuset", "memory", "pids"];

/** Why kubelet can't run below these, as a clause. */
export function hierarchyProblem(hierarchies: readonly Hierarchy[]): string | undefined {
  const names = hierarchies
    .filter(({ version }) => version === 1)
    .flatMap(({ folder }) => (folder.split("/").at(-1) ?? "").split(","));
  if (names.length === 0) return "it needs control groups of version 1, and this machine has none";
  const missing = neededControllers.filter((name) => !names.includes(name));
  return missing.length === 0 ? undefined : `this machine has no control groups for ${missing.join(", ")}`;
}

/** Where a group of that name is or may come to be. */
export function controlGroupFolders(hierarchies: readonly Hierarchy[], name: string): string[] {
  return hierarchies.map(({ folder }) => join(folder, name));
}

/** Makes the group in every hierarchy of version 1: kubelet expects its root there. */
export function makeControlGroup(hierarchies: readonly Hierarchy[], name: string): void {
  for (const { folder } of hierarchies.filter(({ version }) => version === 1)) {
    const group = join(folder, name);
    mkdirSync(group, { recursive: true });
    // A new group of this controller has neither processors nor memory, and nothing can be moved into it.
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      if (existsSync(join(group, file))) writeFileSync(join(group, file), readFileSync(join(folder, file)));
    }
  }
}
