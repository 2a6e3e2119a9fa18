import { readdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename } from "node:path";
import { workloadVariable } from "../config/contract.ts";
import type { Platform } from "../platforms/platform.ts";
import { processStartTime } from "./process-start.ts";
import type { Here } from "./state-lock.ts";

/** A program of operations/ that runs for a workload. */
export interface Operation {
  workload: string;
  pid: number;
  /** "cut-over", "preparation". */
  purpose: string;
  /** The machine that it runs on, when it is another one. */
  host?: string;
}

/** What can be seen of processes from where a command runs. */
export interface Machine extends Here {
  /** The programs of a stack that run on it. */
  operations: (stack: string) => Promise<Operation[]>;
}

export function thisMachine(): Machine {
  return { hostname: hostname(), startOf: processStartTime, operations: operationProcesses };
}

/**
 * The programs that work for a stack at this moment, whether or not the deployer that started them lives: those whose
 * process can be read here, and those on any machine that hold the repository of a workload on the Docker host.
 */
export async function operationsUnderWay(
  platform: Pick<Platform, "locks">,
  machine: Pick<Machine, "hostname" | "operations">,
  stack: string,
  workloads: readonly string[],
): Promise<Operation[]> {
  const processes = await machine.operations(stack);
  const holders = (await platform.locks()).filter(
    ({ kind, of }) => kind === "repository" && workloads.includes(of),
  );
  const unseen = holders.filter(
    ({ pid, host }) => host !== machine.hostname || !processes.some((each) => each.pid === pid),
  );
  return [
    ...processes,
    ...unseen.map(({ of, pid, purpose, host }) => ({
      workload: of,
      pid,
      purpose,
      ...(host !== machine.hostname && { host }),
    })),
  ];
}

/** Read from /proc; where there is none, only the holders of locks are known. */
export async function operationProcesses(stack: string): Promise<Operation[]> {
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
    const prefix = `${workloadVariable}=${stack}/`;
    const entry = (await readFile(`/proc/${pid}/environ`, "utf8"))
      .split("\0")
      .find((variable) => variable.startsWith(prefix));
    return entry === undefined
      ? undefined
      : { workload: entry.slice(prefix.length), pid, purpose: basename(program, ".ts") };
  } catch {
    // Ended meanwhile, or another user's: a holder of a repository is still known by its lock.
    return undefined;
  }
}
