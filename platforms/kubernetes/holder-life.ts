import { readFileSync, readlinkSync } from "node:fs";
import { statFields } from "../process-stat.ts";

/** See `statFields`. */
const [state, start] = [0, 19];

/**
 * What tells a process of this machine from every other one on any machine, those that have ended too; undefined where the
 * system does not tell.
 */
export function lifeOf(pid: number): string | undefined {
  const place = ownPlace();
  const fields = fieldsOf(pid);
  return place === undefined || fields === undefined ? undefined : `${place}/${fields[start]}`;
}

/** Whether a process has ended for certain: it ran where this one runs, and is not there any more. */
export function processHasEnded(pid: number, life: string | undefined): boolean {
  const place = ownPlace();
  if (life === undefined || place === undefined || !life.startsWith(`${place}/`)) return false;
  try {
    // Asked of the kernel: /proc may hide the processes of other users.
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return true;
  }
  const fields = fieldsOf(pid);
  return fields !== undefined && (fields[state] === "Z" || `${place}/${fields[start]}` !== life);
}

/** This boot of this machine, and the namespace in which its processes have their numbers. */
function ownPlace(): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot}/${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return undefined;
  }
}

function fieldsOf(pid: number): string[] | undefined {
  try {
    return statFields(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return undefined;
  }
}
