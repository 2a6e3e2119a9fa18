import { readFile } from "node:fs/promises";
import { runProcess } from "../platforms/child-process.ts";
import { statFields } from "../platforms/process-stat.ts";

/** Clock ticks of a second, the same on every Linux that Node runs on. */
const ticks = 100;

/** When the process with this number was started, to the second; undefined when there is none, or only its zombie. */
export async function processStartTime(pid: number): Promise<Date | undefined> {
  return process.platform === "linux" ? startFromProc(pid) : startFromPs(pid);
}

async function startFromProc(pid: number): Promise<Date | undefined> {
  try {
    const [stat, system] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile("/proc/stat", "utf8"),
    ]);
    return startIn(stat, system);
  } catch {
    return undefined;
  }
}

/** From /proc/PID/stat and /proc/stat; undefined for a zombie. */
export function startIn(stat: string, system: string): Date | undefined {
  const fields = statFields(stat);
  const boot = Number(/^btime (\d+)$/m.exec(system)?.[1]);
  return fields[0] === "Z" ? undefined : new Date((boot + Number(fields[19]) / ticks) * 1000);
}

async function startFromPs(pid: number): Promise<Date | undefined> {
  try {
    const { stdout } = await runProcess(["ps", "-o", "stat=,lstart=", "-p", String(pid)], {
      env: { ...process.env, LC_ALL: "C" },
      deadline: 10,
    });
    const [state = "", ...start] = stdout.trim().split(/\s+/);
    const started = new Date(start.join(" "));
    return state.startsWith("Z") || Number.isNaN(started.getTime()) ? undefined : started;
  } catch {
    return undefined;
  }
}
