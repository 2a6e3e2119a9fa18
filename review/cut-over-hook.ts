import { type Finding, quoted } from "./finding.ts";
import { isMapping, textOf } from "./plain-json.ts";
import type { ResourceState, Step } from "./preview.ts";
import { goes, holdsState, isOfIngress, kindOf } from "./state-kept.ts";
import { type ReviewedWorkload, types } from "./workload.ts";

/** The hook that drains, stops and takes the cold snapshot, right before the engine removes a container. */
const cutOverHook = "cut-over";

/** Whether what works on state goes by the hook of its workload: without it nothing drains, stops or copies. */
export function cutOverHooked(steps: readonly Step[], workloads: readonly ReviewedWorkload[]): Finding[] {
  return steps
    .filter((step) => /^(docker|kubernetes):/.test(step.type) && !holdsState(step) && !isOfIngress(step))
    .flatMap((step) => {
      const isOfWorkload =
        step.type === types.container &&
        workloads.some(({ component }) => component.urn === (step.after ?? step.before)?.parent);
      if (goes.includes(step.op) && !hasHook(step.before) && (isOfWorkload || mountsState(step.before))) {
        return [goesWithout(step)];
      }
      return isOfWorkload && step.after !== undefined && !hasHook(step.after) ? [losesHook(step)] : [];
    });
}

function goesWithout(step: Step): Finding {
  return {
    check: "cut-over",
    level: "refusal",
    resource: step.name,
    what: `${kindOf(step)} would be ${step.op === "replace" ? "replaced" : "deleted"} without the hook ${quoted(cutOverHook)}`,
    why: "nothing would wait for its work, stop it or take a snapshot of its state",
    write:
      "the container as part of a workload of components/workload.ts; run `pulumi up` without another change first",
  };
}

function losesHook({ name }: Step): Finding {
  return {
    check: "cut-over",
    level: "refusal",
    resource: name,
    what: `its container has no hook ${quoted(cutOverHook)} before its removal`,
    why: "the next update would remove it without a snapshot",
    write: "`hooks: { beforeDelete: [hooks.cutOver] }`, as components/workload.ts has it",
  };
}

function hasHook(state: ResourceState | undefined): boolean {
  const moments = Object.entries(state?.hooks ?? {});
  return moments.some(([moment, names]) => /^beforeDelete$/i.test(moment) && names.includes(cutOverHook));
}

/** By the fields in which Docker and Kubernetes name state, wherever they stand. */
function mountsState(state: ResourceState | undefined): boolean {
  return state !== undefined && namesState(state.inputs);
}

function namesState(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(namesState);
  if (!isMapping(value) || textOf(value.containerPath) === "/var/run/docker.sock") return false;
  const { volumeName, hostPath, persistentVolumeClaim, volumeClaimTemplates, mounts } = value;
  return (
    textOf(volumeName) !== "" ||
    textOf(hostPath) !== "" ||
    isMapping(hostPath) ||
    isMapping(persistentVolumeClaim) ||
    (Array.isArray(volumeClaimTemplates) && volumeClaimTemplates.length > 0) ||
    (Array.isArray(mounts) && mounts.some((each) => isMapping(each) && each.type !== "tmpfs")) ||
    Object.values(value).some(namesState)
  );
}
