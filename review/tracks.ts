import { type Finding, quoted } from "./finding.ts";
import { isInPlace } from "./in-place.ts";
import { textOf } from "./plain-json.ts";
import { imageOf, type ReviewedWorkload, sameDigest } from "./workload.ts";

/** Whether its container, or what stands for it, is made anew. */
export function isMadeAnew({ starter }: ReviewedWorkload): boolean {
  return starter?.op === "replace" || starter?.op === "create";
}

/** Whether another image comes into a workload that was there before; by what the engine would do, not by what was told. */
export function changesImage(workload: ReviewedWorkload): boolean {
  const { runner } = workload;
  return (
    (isMadeAnew(workload) || isInPlace(workload)) &&
    runner?.before !== undefined &&
    !sameDigest(imageOf(workload, runner.before), imageOf(workload, runner.after))
  );
}

/** Two tracks never change in one update. Going back is allowed in every window, and a first start is no change. */
export function oneTrack(workloads: readonly ReviewedWorkload[]): Finding[] {
  const names = (track: ReviewedWorkload["track"], changes: (workload: ReviewedWorkload) => boolean) =>
    workloads.filter((each) => each.track === track && changes(each)).map(({ name }) => name);
  const updated = (each: ReviewedWorkload) => changesImage(each) && !goesBack(each);
  const touched = (each: ReviewedWorkload) =>
    isMadeAnew(each) && each.runner?.before !== undefined && !goesBack(each);
  const both = (changes: (workload: ReviewedWorkload) => boolean) => {
    const [plane, fleet] = [names("control-plane", changes), names("runtime", changes)];
    return plane.length > 0 && fleet.length > 0 ? `${plane.join(", ")} and ${fleet.join(", ")}` : undefined;
  };
  const [images, containers] = [both(updated), both(touched)];
  if (images === undefined && containers === undefined) return [];
  const what = images === undefined ? "would be made anew" : "would get other images";
  return [
    {
      check: "one-track",
      level: images === undefined ? "warning" : "refusal",
      resource: "the fleet",
      what: `${images ?? containers} ${what} in one update`,
      why: "a fault afterwards has two suspects",
      write: "one of the two changes now, the other one in a window of its own",
    },
  ];
}

/** A workload that gets another role and another image at once is rolled out in an order that nobody has reviewed. */
export function moveFirst(workload: ReviewedWorkload): Finding[] {
  const { before, after } = workload.component;
  if (before === undefined || after === undefined) return [];
  const changed = ["track", "group", "role"].flatMap((key) => {
    const [old, now] = [textOf(before.inputs[key]), textOf(after.inputs[key])];
    return old === now ? [] : [`${key} ${quoted(old)} -> ${quoted(now)}`];
  });
  if (changed.length === 0) return [];
  const image =
    changesImage(workload) || !sameDigest(textOf(before.inputs.image), textOf(after.inputs.image));
  return [
    {
      check: "move-first",
      level: image ? "refusal" : "warning",
      resource: workload.name,
      what: `it is moved (${changed.join(", ")})${image ? " and gets another image" : ""}`,
      why: image
        ? "its new place would let it skip the canary of the old one, or be a canary that nothing was learned from"
        : "from the next rollout on it is updated at another time",
      write: image ? "the move alone, and the image in a later change" : "nothing, if that is meant",
    },
  ];
}

function goesBack({ told }: ReviewedWorkload): boolean {
  return told?.move === "back" || told?.move === "change-back";
}
