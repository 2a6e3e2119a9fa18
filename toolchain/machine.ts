import { readFileSync, statfsSync } from "node:fs";
import { freemem } from "node:os";
import { SetUpError } from "./set-up-error.ts";

const gigabyte = 1024 ** 3;
/** Go's caches, the images and the registry's copy of them. */
const neededDisk = 12 * gigabyte;
/** Three gateways, one drill and the link step of the largest build. */
const neededMemory = 4 * gigabyte;

export interface Room {
  readonly disk: number;
  readonly memory: number;
}

/** Refuses a machine that would run out of disk or memory on the way. */
export function expectRoom(folder: string, needed?: Room): void {
  const problem = roomProblem(roomAt(folder), folder, needed);
  if (problem !== undefined) throw new SetUpError(problem);
}

/** @param needed default: what the first set-up takes */
export function roomProblem(
  room: Room,
  folder: string,
  needed: Room = { disk: neededDisk, memory: neededMemory },
): string | undefined {
  if (room.disk < needed.disk) {
    return `Only ${inGigabytes(room.disk)} GB are free in ${folder} and the first set-up takes ${inGigabytes(needed.disk)} GB: free some, or set CLAWFORCE_FLEET_CACHE to a folder on a larger disk.`;
  }
  if (room.memory < needed.memory) {
    return `Only ${inGigabytes(room.memory)} GB of memory are available and ${inGigabytes(needed.memory)} GB are needed: stop other programs or take a larger machine.`;
  }
  return undefined;
}

function roomAt(folder: string): Room {
  const { bavail, bsize } = statfsSync(folder);
  return { disk: bavail * bsize, memory: availableMemory() };
}

/** What Linux can hand out without swapping: more than what is free, because caches give way. */
function availableMemory(): number {
  try {
    return availableIn(readFileSync("/proc/meminfo", "utf8")) ?? freemem();
  } catch {
    // Other systems count caches as used and would seem full at any time.
    return Number.POSITIVE_INFINITY;
  }
}

export function availableIn(meminfo: string): number | undefined {
  const [, kilobytes] = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo) ?? [];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

function inGigabytes(bytes: number): string {
  return (bytes / gigabyte).toFixed(bytes % gigabyte === 0 ? 0 : 1);
}
