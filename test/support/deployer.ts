import { readdirSync, readFileSync } from "node:fs";
import { until } from "./world.ts";

/** A process with all that it has started, itself first. The engine's children are in process groups of their own. */
export function withDescendants(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync("/proc").filter((each) => /^\d+$/.test(each))) {
    const parent = parentOf(Number(entry));
    if (parent !== undefined) {
      parents.set(Number(entry), parent);
    }
  }
  const found = [pid];
  for (const each of found) {
    found.push(...[...parents].filter(([, parent]) => parent === each).map(([child]) => child));
  }
  return found;
}

/** Kills each of these processes and nothing else, and waits until they are gone. */
export async function killAll(pids: readonly number[]): Promise<void> {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") {
        throw error;
      }
    }
  }
  await until("the deployer is dead", async () => pids.every((pid) => parentOf(pid) === undefined));
}

/** Undefined when there is no such process, or only its zombie. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? undefined : Number(parent);
  } catch {
    return undefined;
  }
}
