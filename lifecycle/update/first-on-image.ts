import type { StackConfig } from "../../config/schema.ts";
import { sameDigest } from "../evidence/move.ts";
import type { Unsettled } from "./settled.ts";
import { hasPassedOnImage } from "./witness.ts";

/**
 * The canary that another one waits for: of all groups that go to one image, one goes first and proves it. Each group has
 * its own canary, but ten groups would else bring what nobody has run to ten instances at once.
 *
 * @param all - in the order of their cut-overs.
 * @returns undefined: it need not wait.
 */
export function canaryBefore<Found extends Unsettled>(
  config: StackConfig,
  { wanted }: Found,
  all: readonly Found[],
  now: Date,
): string | undefined {
  const going = all.filter((each) => isGoing(each) && sameDigest(each.wanted.image, wanted.image));
  if (!going.some((each) => each.wanted.name === wanted.name)) return undefined;
  const onIt = all.filter((each) => staysOn(each, wanted.image));
  if (onIt.some((each) => hasPassedOnImage(config, each, now))) return undefined;
  const first = onIt.find((each) => each.wanted.role === "canary") ?? going[0];
  return first === undefined || first.wanted.group === wanted.group ? undefined : first.wanted.name;
}

function isGoing({ wanted, move, refused }: Unsettled): boolean {
  return wanted.role === "canary" && move.kind === "forward" && refused === undefined;
}

/** It runs the image already, and this update leaves it there. */
function staysOn({ wanted, observed, move }: Unsettled, image: string): boolean {
  return (
    wanted.group !== undefined &&
    move.kind === "none" &&
    sameDigest(wanted.image, image) &&
    observed !== undefined &&
    sameDigest(observed.image, image)
  );
}
