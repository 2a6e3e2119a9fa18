import { type Finding, quoted } from "./finding.ts";
import { claimsOf, isSet } from "./in-place.ts";
import { itemsOf, mappingOf, textOf } from "./plain-json.ts";
import { partsOf, type Step } from "./preview.ts";
import { type ReviewedWorkload, types } from "./workload.ts";

/** What holds state by itself. With a namespace goes everything in it. */
const stateTypes: readonly RegExp[] = [
  /^docker:index\/volume:Volume$/,
  /^kubernetes:core\/v1:(PersistentVolume|PersistentVolumeClaim|Namespace)(Patch|List)?$/,
];

/** Operations by which what is there goes. */
export const goes: readonly string[] = ["delete", "delete-replaced", "replace"];

export function holdsState({ type }: Step): boolean {
  return stateTypes.some((pattern) => pattern.test(type));
}

/** Whether no state would be lost, and none would be less protected than it is. */
export function stateKept(steps: readonly Step[], workloads: readonly ReviewedWorkload[]): Finding[] {
  const mounted = new Set(workloads.flatMap(mountedVolumes));
  const left = workloads.filter(({ component }) => component.op === "delete").map(leaves);
  const kept = steps
    .filter((step) => holdsState(step) && !isOfIngress(step))
    .flatMap((step) => {
      const workload = workloads.find(
        ({ component }) => component.urn === (step.after ?? step.before)?.parent,
      );
      if (goes.includes(step.op)) return lost(step, workload);
      const named = step.after?.inputs.name ?? mappingOf(step.after?.inputs.metadata).name;
      const isState = workload !== undefined || mounted.has(textOf(named));
      return [...loosened(step), ...(isState ? unprotected(step) : [])];
    });
  return [...left, ...kept];
}

function mountedVolumes({ runner }: ReviewedWorkload): string[] {
  if (runner !== undefined && isSet(runner)) return claimsOf(runner.after);
  return itemsOf(runner?.after?.inputs.volumes)
    .map((volume) => textOf(mappingOf(volume).volumeName))
    .filter((name) => name !== "");
}

/** The proxy and its volume, which holds its table of services: the operations write that anew, it is no state. */
export function isOfIngress({ after, before, name }: Step): boolean {
  const parent = partsOf((after ?? before)?.parent ?? "");
  return parent.type === types.ingress && (name === parent.name || name === `${parent.name}-state`);
}

function leaves({ name, managed }: ReviewedWorkload): Finding {
  return {
    check: "state-kept",
    level: "warning",
    resource: name,
    what: `it leaves the program${managed ? ", and its control plane keeps it" : ""}`,
    why: "from then on nobody updates it, copies its state or watches it",
    write: "nothing, if it is to go for good",
  };
}

/** What stays on the host, was unprotected beforehand by an operator, and does not leave its workload behind, goes on purpose. */
function lost(step: Step, workload: ReviewedWorkload | undefined): Finding[] {
  const { before, op, name } = step;
  const kind = kindOf(step);
  if (op === "replace" || before?.retainOnDelete !== true) {
    return [
      refusal(name, {
        what: `${kind} would be ${op === "replace" ? "replaced" : "deleted"}, with all that is in it`,
        why: "state comes back from a snapshot only, and without what was written since",
        write:
          op === "replace"
            ? "its name, driver and labels as they were"
            : "`retainOnDelete: true` on it and `pulumi up`, and the removal afterwards",
      }),
    ];
  }
  const stays = workload !== undefined && workload.component.op !== "delete";
  if (!stays && !before.protect) return [];
  return [
    refusal(name, {
      what: `${kind} would leave the program${stays ? ", and its workload stays" : ""}`,
      why: "from then on nobody protects what is in it",
      write: stays
        ? "it back into the program"
        : "nothing, or `pulumi state unprotect` it first if it is to go for good",
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
    refusal(name, {
      what: `it loses ${option}`,
      why: "the next change could replace or delete it, with all that is in it",
      write: "the option as it was",
    }),
  );
}

/** What a pack can't see of an option: whether the old container's state would survive its removal from the program. */
function unprotected({ before, after, name }: Step): Finding[] {
  if (after === undefined || after.retainOnDelete || before?.retainOnDelete === true) return [];
  return [
    refusal(name, {
      what: "it has no `retainOnDelete`",
      why: "its removal from the program would delete what is in it",
      write: "`retainOnDelete: true`",
    }),
  ];
}

export function kindOf({ type }: Step): string {
  return `the ${type.slice(type.lastIndexOf(":") + 1)}`;
}

function refusal(resource: string, told: Pick<Finding, "what" | "why" | "write">): Finding {
  return { check: "state-kept", level: "refusal", resource, ...told };
}
