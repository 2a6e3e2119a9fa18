import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { canaryBeforeFleet } from "./canary-before-fleet.ts";
import { drainBudget } from "./drain-budget.ts";
import { digestPinned, noMutableImage } from "./image-rules.ts";
import { leastPrivilege } from "./least-privilege.ts";
import { oneTrackPerWindow } from "./one-track-per-window.ts";
import { rollbackReady } from "./rollback-ready.ts";
import { singleWriter } from "./single-writer.ts";
import { snapshotBeforeChange } from "./snapshot-before-change.ts";
import { stateProtected } from "./state-protected.ts";

/** All rules of the pack, in the order of their pages in the documentation. */
export const rules: readonly (ResourceValidationPolicy | StackValidationPolicy)[] = [
  noMutableImage,
  digestPinned,
  canaryBeforeFleet,
  oneTrackPerWindow,
  snapshotBeforeChange,
  rollbackReady,
  singleWriter,
  drainBudget,
  stateProtected,
  leastPrivilege,
];
