import { mkdir, readFile, statfs } from "node:fs/promises";
import type { OpenedArchive } from "../../lifecycle/control-plane/archive.ts";
import { type Need, type Place, type Room, shortage, shortageClause } from "../../lifecycle/update/room.ts";
import { runOneShot } from "../docker/one-shot.ts";
import { OperationFailure } from "../failure.ts";
import { lookOf } from "../platform.ts";
import type { ManagedContext } from "./instance.ts";

/** Seconds; `du` reads a whole state. */
const lookDeadline = 300;
/** What a file takes more than its bytes, at most. */
const block = 4096;
/** The folder for the copies is on this machine, the rest on the Docker host: never one disk, as far as is known here. */
const thisMachine = -1;

export type ManagedRoom = Pick<Room, "free" | "device" | "stateUsed">;

/** What setting a state back to an archive writes. The present state is wiped before the archive is unpacked. */
export function restoreNeeds(
  { bytes, contentBytes, entries }: Pick<OpenedArchive, "bytes" | "contentBytes" | "entries">,
  { stateUsed }: Pick<ManagedRoom, "stateUsed">,
): Need[] {
  return [
    { place: "repository", bytes: stateUsed, what: "the copy of the present state" },
    { place: "docker", bytes, what: "the archive until it is unpacked" },
    {
      place: "state",
      bytes: Math.max(0, contentBytes + entries * block - stateUsed),
      what: "the restored state beyond the present one",
    },
  ];
}

/** Refuses a restore for which there is no room, before the instance is stopped. */
export async function refuseWithoutRoom(
  context: ManagedContext,
  archive: OpenedArchive,
  { statePath, folder, tools }: { statePath: string; folder: string; tools: string },
): Promise<void> {
  const { instance } = context;
  const room = await measure(context, { statePath, folder, tools });
  const lacking = shortage(restoreNeeds(archive, room), room);
  if (lacking === undefined) return;
  const where: Record<Place, string> = {
    repository: `in ${folder} on this machine`,
    docker: "on Docker's own disk",
    state: `on the volume of ${instance} at ${statePath}`,
  };
  throw new OperationFailure(
    `the state of ${instance} can't be set back, and nothing was stopped: ${shortageClause(lacking, (place) => where[place])}. ` +
      "Free space there, or give it a larger disk. Then go back again.",
  );
}

async function measure(
  { docker, instance }: ManagedContext,
  { statePath, folder, tools }: { statePath: string; folder: string; tools: string },
): Promise<ManagedRoom> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const script = await readFile(new URL("./room.sh", import.meta.url), "utf8");
  const { exitCode, stdout, stderr } = await runOneShot(docker, {
    workload: lookOf(instance),
    purpose: "look at free space",
    image: tools,
    argv: ["bash", "-c", script, "room", statePath],
    volumesFrom: [`${instance}:ro`],
    deadline: lookDeadline,
  });
  const numbers = stdout.trim().split(/\s+/).map(Number);
  const [stateFree, stateDevice, dockerFree, dockerDevice, stateUsed] = numbers;
  if (
    exitCode !== 0 ||
    stateFree === undefined ||
    stateDevice === undefined ||
    dockerFree === undefined ||
    dockerDevice === undefined ||
    stateUsed === undefined
  ) {
    throw new OperationFailure(
      `how much room there is for the state of ${instance} could not be seen, and nothing was stopped: ${stderr.trim() || stdout.trim()}`,
    );
  }
  const { bavail, bsize } = await statfs(folder);
  return {
    free: { state: stateFree, docker: dockerFree, repository: bavail * bsize },
    device: { state: stateDevice, docker: dockerDevice, repository: thisMachine },
    stateUsed,
  };
}
