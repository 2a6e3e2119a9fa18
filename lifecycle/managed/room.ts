import { mkdir, statfs } from "node:fs/promises";
import type { InstanceRoom, InstanceState, ManagedInstance } from "../../platforms/control-plane.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import type { OpenedArchive } from "../control-plane/archive.ts";
import { type Need, type Place, shortage, shortageClause } from "../update/room.ts";

/** What a file takes more than its bytes, at most. */
const block = 4096;
/** The folder for the copies is on this machine, the rest on the Docker host: never one disk, as far as is known here. */
const thisMachine = -1;

/** What setting a state back to an archive writes. The present state is wiped before the archive is unpacked. */
export function restoreNeeds(
  { bytes, contentBytes, entries }: Pick<OpenedArchive, "bytes" | "contentBytes" | "entries">,
  { stateUsed }: Pick<InstanceRoom, "stateUsed">,
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
  instance: ManagedInstance,
  archive: OpenedArchive,
  { folder, ...state }: InstanceState & { folder: string },
): Promise<void> {
  const { free, device, stateUsed } = await instance.room(state);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await statfs(folder);
  const lacking = shortage(restoreNeeds(archive, { stateUsed }), {
    free: { ...free, repository: bavail * bsize },
    device: { ...device, repository: thisMachine },
  });
  if (lacking === undefined) return;
  const where: Record<Place, string> = {
    repository: `in ${folder} on this machine`,
    docker: "on Docker's own disk",
    state: `on the volume of ${instance.name} at ${state.statePath}`,
  };
  throw new OperationFailure(
    `the state of ${instance.name} can't be set back, and nothing was stopped: ${shortageClause(lacking, (place) => where[place] ?? place)}. ` +
      "Free space there, or give it a larger disk. Then go back again.",
  );
}
