import { networkOwner } from "../../config/network-mode.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import type { WorkloadContext } from "../workload.ts";

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
  const unit = await platform.unit(owner);
  if (unit?.running !== true) {
    throw new OperationFailure(
      `${workload.name} is to have the network of ${owner}, which is ${unit === undefined ? "not there" : "stopped"}. Nothing was touched. ` +
        (unit === undefined
          ? "Make that container first, or take `networkMode` out."
          : `Start it first: \`docker start ${owner}\`.`),
    );
  }
  const others = (await platform.sharingNetwork(owner)).filter((name) => name !== workload.container);
  return `has the network of ${[owner, ...others].join(", ")}`;
}
