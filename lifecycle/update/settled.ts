import {
  learned,
  type Made,
  ofValue,
  ownDifferences,
  settingsOf,
  sharedDifferences,
  withOwnPart,
  withOwnSecrets,
  withSettings,
} from "../../config/container-settings.ts";
import { fingerprint } from "../../config/fingerprint.ts";
import type { WorkloadConfig } from "../../config/rollout.ts";
import type { StackConfig } from "../../config/schema.ts";
import { otherOwnValues, otherSecrets } from "../../config/secret-values.ts";
import type { Observed } from "../../platforms/platform.ts";
import { adoptionsGivenUp } from "../evidence/adoption.ts";
import type { Move } from "../evidence/move.ts";
import type { ReadRecord } from "../evidence/records.ts";
import type { Refusal } from "../evidence/refusal.ts";
import {
  type Change,
  changeTo,
  goesBack,
  hasPassedWith,
  hasPassedWithOwn,
  lastMade,
  madeOf,
} from "../evidence/settings.ts";
import { hasPassedOnImage } from "./witness.ts";

/** A workload before it is known which settings it is to have. */
export interface Unsettled {
  /** As the stack file has it. */
  wanted: WorkloadConfig;
  observed: Observed | undefined;
  records: readonly ReadRecord[];
  /** What it does but for its settings. */
  move: Move;
  /** Of its restore orders: see evidence/restore-order.ts. */
  epoch: string;
  /** Why it stays as it is: then it keeps what it was made with. */
  refused?: Refusal | undefined;
}

export interface Settled {
  /** With the settings that it is to have after this update. */
  config: WorkloadConfig;
  made: Made;
  /** What this update changes of its settings. */
  change: Change | undefined;
  /** What the stack file changes of its settings and this update does not, and what that waits for. */
  waits: { changes: string[]; until: string } | undefined;
  /** Its variables with secrets stay as they are, whatever values the stack has for them now. */
  keepsSecrets: boolean;
}

/**
 * Which settings each workload is to have: those of the stack file for the control plane, for a canary, for settings that
 * it has passed on before, and for what all waves before have passed on; the ones on record for all others, and for one
 * whose image or state goes back. So a change goes the way of an image.
 */
export function settle<Found extends Unsettled>(
  config: StackConfig,
  workloads: readonly Found[],
  now: Date,
): (Found & Settled)[] {
  return workloads.map((workload) => ({ ...workload, ...settled(config, workload, workloads, now) }));
}

function settled(config: StackConfig, workload: Unsettled, all: readonly Unsettled[], now: Date): Settled {
  const { wanted, records, epoch: restore, refused } = workload;
  // What is on record of an adoption that was given up is no container's any more.
  const before = wanted.managed || workload.move.kind === "adopt" ? undefined : lastMade(records);
  const target = { image: wanted.image, restore, ...targetOf(wanted, before) };
  if (refused !== undefined && before !== undefined) {
    const { settings, later } = before;
    const made = madeOf({ ...target, settings, later }, before, wanted.track);
    const keepsSecrets = otherSecrets(before.later, target.later);
    return { config: withSettings(wanted, made), made, change: undefined, waits: undefined, keepsSecrets };
  }
  const until = before === undefined ? undefined : obstacle(config, workload, before, all, now);
  const keepsSecrets =
    before !== undefined && until !== undefined && otherSecrets(before.later, target.later);
  // Of the variables with secrets all stay or none: the values of before are where the container runs alone.
  const own = keepsSecrets ? { ...target, later: withOwnSecrets(target.later, before.later) } : target;
  const held =
    before !== undefined && until !== undefined
      ? withOwnPart({ ...target, settings: before.settings, later: before.later }, own)
      : target;
  const made = anewAfter(adoptionsGivenUp(records), workload.move, madeOf(held, before, wanted.track));
  return {
    config: before === undefined ? wanted : withSettings(wanted, made),
    made,
    change: wanted.managed ? undefined : changeTo(records, made, wanted.track),
    waits:
      before === undefined || until === undefined
        ? undefined
        : { changes: waitingChanges(before, target, wanted), until },
    keepsSecrets,
  };
}

function waitingChanges(
  before: Made,
  target: Pick<Made, "settings" | "later">,
  { track }: WorkloadConfig,
): string[] {
  const own = ownDifferences(before, target, track).filter((each) => each.startsWith(ofValue));
  return [...sharedDifferences(before, target, track), ...own];
}

/** The settings of the stack file, with what is on record of values that are not known here. */
function targetOf(wanted: WorkloadConfig, before: Made | undefined): ReturnType<typeof settingsOf> {
  const settings = settingsOf(wanted);
  return before === undefined ? settings : learned(settings, before);
}

/** The engine knows the container of an adoption that was given up, and has to make another one in its place. */
function anewAfter(attempts: number, move: Move, made: Made): Made {
  return move.kind === "adopt" && attempts > 0
    ? { ...made, trigger: fingerprint([made.trigger, attempts]) }
    : made;
}

/** What keeps a workload from getting the settings of the stack file in this update; undefined: nothing, or nothing differs. */
function obstacle(
  config: StackConfig,
  { wanted, records, move }: Unsettled,
  before: Made,
  all: readonly Unsettled[],
  now: Date,
): string | undefined {
  const { track, group, role, wave } = wanted;
  const target = targetOf(wanted, before);
  const changes = sharedDifferences(before, target, track);
  if (changes.length === 0 || hasPassedWith(records, target, track)) {
    const isNew = otherOwnValues(before.later, target.later) && !hasPassedWithOwn(records, target, track);
    return isNew ? obstacleOfOwnValues(config, wanted, move, all, now) : undefined;
  }
  // A way back is no way for something new: nothing stands before it, no window, no snapshot with a drill, no canary.
  if (goesBack(move)) return becauseBack(move);
  if (group === undefined || role === "canary") return undefined;
  const present = config.instanceGroups[group]?.wave ?? 0;
  if (wave > present) return `clawforce:instanceGroups.${group}.wave is ${wave}`;
  const earlier = all.filter((each) => each.wanted.group === group && each.wanted.wave < wave);
  const unproved = earlier.find((each) => !hasProved(config, each, now));
  return unproved && `${unproved.wanted.name} has passed on the new ones`;
}

/**
 * Tokens are each gateway's own, and so are secrets beside its name: one alone changes at once. Those of several that change
 * together go as a group's do: nobody knows yet whether the new ones are any good.
 */
function obstacleOfOwnValues(
  config: StackConfig,
  { group, role, wave }: WorkloadConfig,
  move: Move,
  all: readonly Unsettled[],
  now: Date,
): string | undefined {
  if (goesBack(move)) return becauseBack(move);
  if (group === undefined || role === "canary") return undefined;
  const earlier = all.filter((each) => each.wanted.group === group && each.wanted.wave < wave);
  const unproved = earlier.find((each) => {
    const before = lastMade(each.records);
    if (before === undefined) return false;
    const isNew = otherOwnValues(before.later, targetOf(each.wanted, before).later);
    return isNew || !hasPassedOnImage(config, each, now);
  });
  return unproved && `${unproved.wanted.name} has passed on its new ones`;
}

function becauseBack({ kind }: Move): string {
  return kind === "restore" ? "its state is set back" : "its image has gone back";
}

/** Whether a workload of an earlier wave serves with the settings of the stack file, and has passed on them. */
function hasProved(config: StackConfig, { wanted, observed, records }: Unsettled, now: Date): boolean {
  const before = lastMade(records);
  if (before === undefined) return false;
  const target = targetOf(wanted, before);
  if (sharedDifferences(before, target, wanted.track).length > 0) return false;
  if (!hasPassedWith(records, target, wanted.track)) return false;
  return hasPassedOnImage(config, { wanted, observed, records }, now);
}
