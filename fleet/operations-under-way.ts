import { readdir, readFile } from "node:fs/promises";
import { basename } from "node:path";
import { workloadFolder } from "../evidence/log.ts";
import { holderOf } from "../operations/mutex.ts";
import { inputVariable } from "../operations/program.ts";
import type { Workload, WorkloadTask } from "../operations/workload.ts";

/** A program of operations/ that runs on this machine for a workload. */
export interface Operation {
  workload: string;
  pid: number;
  /** "cut-over", "preparation". */
  purpose: string;
}

/**
 * The programs that work for a stack at this moment, whether or not the deployer that started them lives: those whose
 * process can be read, and those that hold the repository of a workload.
 */
export async function operationsUnderWay(
  stack: string,
  workloads: readonly Pick<Workload, "name" | "evidenceDirectory">[],
): Promise<Operation[]> {
  const processes = await operationProcesses(stack);
  const holders = await Promise.all(
    workloads.map(async ({ name, evidenceDirectory }) => {
      const holder = await holderOf(`${workloadFolder(evidenceDirectory, stack, name)}/repository.lock`);
      return holder?.alive === true
        ? { workload: name, pid: holder.pid, purpose: holder.purpose }
        : undefined;
    }),
  );
  const unseen = holders.filter(
    (holder) => holder !== undefined && !processes.some(({ pid }) => pid === holder.pid),
  );
  return [...processes, ...unseen.filter((holder) => holder !== undefined)];
}

/** Read from /proc; where there is none, only the holders of repositories are known. */
async function operationProcesses(stack: string): Promise<Operation[]> {
  const pids = (await readdir("/proc").catch(() => [])).filter((entry) => /^\d+$/.test(entry));
  const found = await Promise.all(pids.map((pid) => operationOf(Number(pid), stack)));
  return found.filter((operation) => operation !== undefined);
}

async function operationOf(pid: number, stack: string): Promise<Operation | undefined> {
  try {
    const argv = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0");
    const program = argv.slice(1).find((argument) => /(^|\/)operations\/[a-z-]+\.ts$/.test(argument));
    if (program === undefined) {
      return undefined;
    }
    const prefix = `${inputVariable}=`;
    const entry = (await readFile(`/proc/${pid}/environ`, "utf8"))
      .split("\0")
      .find((variable) => variable.startsWith(prefix));
    const { workload } = JSON.parse(entry?.slice(prefix.length) ?? "{}") as Partial<WorkloadTask>;
    return workload?.stack === stack
      ? { workload: workload.name, pid, purpose: basename(program, ".ts") }
      : undefined;
  } catch {
    // Ended meanwhile, or another user's: a holder of a repository is still known by its file.
    return undefined;
  }
}
