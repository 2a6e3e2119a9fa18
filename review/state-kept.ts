import { type Finding, quoted } from "./finding.ts";
import { isMapping, itemsOf, textOf } from "./plain-json.ts";
import type { ResourceState, Step } from "./preview.ts";
import { type ReviewedWorkload, types } from "./workload.ts";

/** What holds state by itself. With a namespace goes everything in it. */
const stateTypes: readonly RegExp[] = [
  /^docker:index\/volume:Volume$/,
  /^kubernetes:core\/v1:(PersistentVolume|PersistentVolumeClaim|Namespace)(Patch|List)?$/,
];

/** The hook that drains, stops and takes the cold snapshot, right before the engine removes a container. */
const cutOverHook = "cut-over";
const goes: readonly string[] = ["delete", "delete-replaced", "replace"];

export function holdsState({ type }: Step): boolean {
  return stateTypes.some((pattern) => pattern.test(type));
}

/** Whether no state would be lost, and none would be less protected than it is. */
export function stateKept(steps: readonly Step[], workloads: readonly ReviewedWorkload[]): Finding[] {
  const ofWorkload = (step: Step) =>
    workloads.find(({ component }) => component.urn === (step.after ?? step.before)?.parent);
  const removed = (step: Step) => ofWorkload(step)?.component.op === "delete";
  const left = workloads.filter(({ component }) => component.op === "delete").map(leaves);
  const kept = steps.flatMap((step) => {
    if (holdsState(step)) {
      return goes.includes(step.op)
        ? lost(step, removed(step))
        : [...loosened(step), ...(ofWorkload(step) === undefined ? [] : unprotected(step))];
    }
    return step.type === types.container ? containerWithState(step, ofWorkload(step), steps) : [];
  });
  return [...left, ...kept];
}

function leaves({ name, managed }: ReviewedWorkload): Finding {
  return {
    check: "state-kept",
    level: "warning",
    resource: name,
    what: `it leaves the program${managed ? ", and its control plane keeps it" : ""}`,
    why: "nobody updates it, copies its state or watches it from then on",
    write: "nothing, when it is to go for good",
  };
}

/** Out of the program with its workload, unprotected beforehand by an operator and left on the host: a removal that is meant. */
function lost(step: Step, withItsWorkload: boolean): Finding[] {
  const { before, op, name } = step;
  if (op === "replace" || before?.retainOnDelete !== true) {
    return [
      refusal("state-kept", name, {
        what: `${kindOf(step)} would be ${op === "replace" ? "replaced" : "deleted"}, and what is in it with it`,
        why: "state comes back from a snapshot only, and without what was written since",
        write:
          op === "replace"
            ? "its name, driver and labels as they were"
            : "`retainOnDelete: true` on it and `pulumi up`, and the removal afterwards",
      }),
    ];
  }
  if (withItsWorkload && !before.protect) return [];
  return [
    refusal("state-kept", name, {
      what: `${kindOf(step)} would leave the program${withItsWorkload ? "" : ", and its workload stays"}`,
      why: "nobody protects from then on what is in it",
      write: withItsWorkload
        ? "nothing, or `pulumi state unprotect` it first when the workload is to go for good"
        : "it back into the program",
    }),
  ];
}

function loosened({ before, after, name }: Step): Finding[] {
  if (before === undefined || after === undefined) return [];
  const taken = [
    ...(before.protect && !after.protect ? ["`protect`"] : []),
    ...(before.retainOnDelete && !after.retainOnDelete ? ["`retainOnDelete`"] : []),
    ...before.ignoreChanges
      .filter((path) => !after.ignoreChanges.includes(path))
      .map((path) => `\`ignoreChanges\` on ${quoted(path)}`),
  ];
  return taken.map((option) =>
    refusal("state-kept", name, {
      what: `it loses ${option}`,
      why: "the next change could replace or delete it, and what is in it with it",
      write: "the option as it was",
    }),
  );
}

/** What a pack can't see of an option: whether the old container's state would survive its removal from the program. */
function unprotected({ before, after, name }: Step): Finding[] {
  if (after === undefined || after.retainOnDelete || before?.retainOnDelete === true) return [];
  return [
    refusal("state-kept", name, {
      what: "it has no `retainOnDelete`",
      why: "with its removal from the program what is in it would be deleted",
      write: "`retainOnDelete: true`",
    }),
  ];
}

/** A container that goes takes its state through the hook of its workload; without the hook nothing drains, stops or copies. */
function containerWithState(
  step: Step,
  workload: ReviewedWorkload | undefined,
  steps: readonly Step[],
): Finding[] {
  const { before, after, op, name } = step;
  if (workload === undefined && (isIngress(step, steps) || !mountsState(before ?? after))) return [];
  if (goes.includes(op) && !hasHook(before)) {
    return [
      refusal("cut-over", name, {
        what: `its container would be ${op === "replace" ? "replaced" : "deleted"} without the hook ${quoted(cutOverHook)}`,
        why: "nothing would wait for its work, stop it or take a snapshot of its state",
        write:
          "the container as part of a workload of components/workload.ts; run `pulumi up` without another change first",
      }),
    ];
  }
  if (workload !== undefined && after !== undefined && !hasHook(after)) {
    return [
      refusal("cut-over", name, {
        what: `its container has no hook ${quoted(cutOverHook)} before its removal`,
        why: "the next update would remove it without a snapshot",
        write: "`hooks: { beforeDelete: [hooks.cutOver] }`, as components/workload.ts has it",
      }),
    ];
  }
  return [];
}

function hasHook(state: ResourceState | undefined): boolean {
  const moments = Object.entries(state?.hooks ?? {});
  return moments.some(([moment, names]) => /^beforeDelete$/i.test(moment) && names.includes(cutOverHook));
}

/** The proxy's volume holds its table of services, which the operations write anew: no state. */
function isIngress(step: Step, steps: readonly Step[]): boolean {
  const parent = (step.after ?? step.before)?.parent;
  return steps.some(({ urn, type, name }) => urn === parent && type === types.ingress && name === step.name);
}

function mountsState(state: ResourceState | undefined): boolean {
  const { volumes, mounts } = state?.inputs ?? {};
  return (
    itemsOf(volumes).some(
      (each) => isMapping(each) && textOf(each.containerPath) !== "/var/run/docker.sock",
    ) || itemsOf(mounts).some((each) => isMapping(each) && textOf(each.type) !== "tmpfs")
  );
}

function kindOf({ type }: Step): string {
  return `the ${type.slice(type.lastIndexOf(":") + 1)}`;
}

function refusal(
  check: "state-kept" | "cut-over",
  resource: string,
  told: Pick<Finding, "what" | "why" | "write">,
): Finding {
  return { check, level: "refusal", resource, ...told };
}
