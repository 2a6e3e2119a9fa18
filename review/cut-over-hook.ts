import { type Finding, quoted } from "./finding.ts";
import { changedPaths, changesPod, isInPlace, isSet, pathsText, setWord } from "./in-place.ts";
import { isMapping, textOf } from "./plain-json.ts";
import type { ResourceState, Step } from "./preview.ts";
import { goes, holdsState, isOfIngress, kindOf } from "./state-kept.ts";
import { isMadeAnew } from "./tracks.ts";
import { type ReviewedWorkload, types } from "./workload.ts";

/** The hook that drains, stops and takes the cold snapshot, right before the engine removes a container. */
const cutOverHook = "cut-over";
/** The same before the provider changes a set in its place, where that makes its pod anew. */
const replaceHook = "replace";
/** Sets the state back where that is asked for, right before the start. */
const restoreHook = "restore";

/** Whether what works on state goes by the hook of its workload: without it nothing drains, stops or copies. */
export function cutOverHooked(steps: readonly Step[], workloads: readonly ReviewedWorkload[]): Finding[] {
  return [...workloads.flatMap(changedInPlace), ...goneWithout(steps, workloads)];
}

/** Of a set: each change in its place goes by a hook too, and its start does what comes before. */
function changedInPlace(workload: ReviewedWorkload): Finding[] {
  const { name, runner, starter } = workload;
  if (runner?.after === undefined || starter?.after === undefined || !isInPlace(workload)) return [];
  const lacking = [
    { state: runner.after, moment: "beforeUpdate", hook: replaceHook, what: `its ${setWord(runner)}` },
    { state: starter.after, moment: "beforeCreate", hook: restoreHook, what: "its start" },
  ].filter(({ state, moment, hook }) => !hasHook(state, moment, hook));
  return [
    ...lacking.map(({ moment, hook, what }) =>
      refusal(name, {
        what: `${what} has no hook ${quoted(hook)} as \`${moment}\``,
        why:
          hook === replaceHook
            ? "a change of it would stop its pod without a drain and a snapshot"
            : "its state would not be set back before it starts",
        write: `\`hooks: { ${moment}: [hooks.${hook}] }\`, as platforms/kubernetes/resources.ts has it`,
      }),
    ),
    ...(changesPod(runner) && !isMadeAnew(workload)
      ? [
          refusal(name, {
            what: `its pod would change (${pathsText(changedPaths(runner))}), and nothing would start it: ${quoted(starter.op)}`,
            why: "the provider changes it at no replicas, and there it would stay",
            write: "the trigger of its start, as platforms/kubernetes/resources.ts has it",
          }),
        ]
      : []),
  ];
}

function goneWithout(steps: readonly Step[], workloads: readonly ReviewedWorkload[]): Finding[] {
  return steps
    .filter((step) => /^(docker|kubernetes):/.test(step.type) && !holdsState(step) && !isOfIngress(step))
    .flatMap((step) => {
      const isOfWorkload =
        (step.type === types.container || isSet(step)) &&
        workloads.some(({ component }) => component.urn === (step.after ?? step.before)?.parent);
      if (goes.includes(step.op) && !cutsOver(step.before) && (isOfWorkload || mountsState(step.before))) {
        return [goesWithout(step)];
      }
      return isOfWorkload && step.after !== undefined && !cutsOver(step.after) ? [losesHook(step)] : [];
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

function losesHook(step: Step): Finding {
  return {
    check: "cut-over",
    level: "refusal",
    resource: step.name,
    what: `its ${isSet(step) ? setWord(step) : "container"} has no hook ${quoted(cutOverHook)} before its removal`,
    why: "the next update would remove it without a snapshot",
    write: "`hooks: { beforeDelete: [hooks.cutOver] }`, as components/workload.ts has it",
  };
}

function cutsOver(state: ResourceState | undefined): boolean {
  return hasHook(state, "beforeDelete", cutOverHook);
}

/** @param wanted - the moment; the engine writes it with a capital letter. */
function hasHook(state: ResourceState | undefined, wanted: string, hook: string): boolean {
  const moments = Object.entries(state?.hooks ?? {});
  return moments.some(
    ([moment, names]) => moment.toLowerCase() === wanted.toLowerCase() && names.includes(hook),
  );
}

function refusal(resource: string, told: Pick<Finding, "what" | "why" | "write">): Finding {
  return { check: "cut-over", level: "refusal", resource, ...told };
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
