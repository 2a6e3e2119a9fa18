import { networkOwner } from "../../config/network-mode.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import type { Platform, Unit } from "../../platforms/platform.ts";
import type { WorkloadContext } from "../workload.ts";

/** The container whose network another one has, and all that stand in it beside that one, itself first. */
export async function standingBeside(
  platform: Pick<Platform, "unit" | "sharingNetwork">,
  owner: string,
  container: string,
): Promise<{ unit: Unit | undefined; names: string[] }> {
  const unit = await platform.unit(owner);
  if (unit?.running !== true) return { unit, names: [] };
  const others = (await platform.sharingNetwork(owner)).filter((name) => name !== container);
  return { unit, names: [owner, ...others] };
}

/**
 * Looked at while everything serves: a container that is to have the network of another one can't be created without it,
 * and by then its predecessor is gone.
 *
 * @returns who else stands in that network, for people; undefined: the workload has one of its own.
 */
export async function lookAtNetworkOwner({
  workload,
  platform,
}: Pick<WorkloadContext, "workload" | "platform">): Promise<string | undefined> {
  const owner = networkOwner(workload.made?.later.networkMode);
  if (owner === undefined) return undefined;
  const { unit, names } = await standingBeside(platform, owner, workload.container);
  if (unit?.running !== true) {
    throw new OperationFailure(
      `${workload.name} is to have the network of ${owner}, which is ${unit === undefined ? "not there" : "stopped"}. Nothing was touched. ` +
        (unit === undefined
          ? "Make that container first, or take `networkMode` out."
          : `Start it first: \`docker start ${owner}\`.`),
    );
  }
  return `has the network of ${names.join(", ")}`;
}
