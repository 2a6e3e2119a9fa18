import type { ControlPlane } from "../../platforms/control-plane.ts";
import { OperationFailure } from "../../platforms/failure.ts";
import type { ControlPlaneAccess, WorkloadContext } from "../workload.ts";

/** The control plane of the stack, for what can't go on without it. */
export function controlPlaneOf({ controlPlane }: WorkloadContext): ControlPlane {
  return controlPlane ?? missing();
}

/** Where it is, and who we are there. */
export function accessOf({ workload }: WorkloadContext): ControlPlaneAccess {
  return workload.controlPlane ?? missing();
}

function missing(): never {
  throw new OperationFailure("there is no control plane in this stack.");
}
