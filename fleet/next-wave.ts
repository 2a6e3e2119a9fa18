import { shortReference } from "../config/image-reference.ts";
import { waveCounts } from "../config/rollout.ts";
import type { StackConfig } from "../config/schema.ts";
import { type CanaryVerdict, unseen, type Witness, witnessVerdict } from "../lifecycle/evidence/canary.ts";
import { CommandFailure } from "./command.ts";
import type { Edit } from "./stack-edit.ts";

/** A group that something new is being rolled out to. */
interface Rollout {
  group: string;
  /** What its instances run once it has come. */
  target: string;
  /** Not an image is new, but settings of the same image. */
  isChange: boolean;
  wave: number;
  lastWave: number;
}

/** A group that a candidate is being rolled out to. */
export interface GroupRollout {
  group: string;
  /** Key of its agent image. */
  image: string;
  candidate: string;
  wave: number;
  lastWave: number;
}

/** Workloads that do not have the settings of the stack file yet, by name: see lifecycle/update/settled.ts. */
export type Pending = ReadonlySet<string>;

/** Canaries that the next update leaves as they are, by name: one of another group goes first. */
export type Waiting = ReadonlySet<string>;

export interface NextWave {
  /** The groups that move: one whose wave is raised, or all whose present wave is brought to its end. */
  groups: string[];
  /** What the `up` is for, as a title: "support: wave 1 of 0 to 2". */
  title: string;
  edits: Edit[];
}

export type NextStep = NextWave | { done: string };

export function rolloutsOf(config: StackConfig): GroupRollout[] {
  return Object.entries(config.instanceGroups).flatMap(([group, { agentImage, wave, waves }]) => {
    const candidate = config.agentImages[agentImage]?.candidate;
    return candidate === undefined
      ? []
      : [{ group, image: agentImage, candidate, wave, lastWave: waves.length - 1 }];
  });
}

/** All groups on the way: to a candidate, or to other settings, whose wave has begun or is to begin. */
function openRollouts(config: StackConfig, pending: Pending): Rollout[] {
  return Object.entries(config.instanceGroups).flatMap(([group, { agentImage, instances, wave, waves }]) => {
    const images = config.agentImages[agentImage];
    const isOpen =
      images?.candidate !== undefined || wave > 0 || instances.some(({ name }) => pending.has(name));
    if (images === undefined || !isOpen) return [];
    const { candidate, stable } = images;
    const isChange = candidate === undefined;
    return [{ group, target: candidate ?? stable, isChange, wave, lastWave: waves.length - 1 }];
  });
}

/** A change that begins while the wave is still the one of an earlier change begins at its canary all the same. */
function beginning(config: StackConfig, { group, isChange, wave }: Rollout, pending: Pending): Edit[] {
  return isChange && wave > 0 && pending.has(canaryOf(config, group))
    ? [{ path: ["instanceGroups", group, "wave"], value: 0 }]
    : [];
}

function canaryOf(config: StackConfig, group: string): string {
  return config.instanceGroups[group]?.instances[0]?.name ?? "";
}

/**
 * What the next `up` of a rollout is: the present waves until all their workloads have passed, then one wave more of one group.
 *
 * @throws CommandFailure when the evidence of an earlier wave does not hold, or it is not said which group goes on.
 */
export function nextWave(
  config: StackConfig,
  witnesses: readonly Witness[],
  wantedGroup: string | undefined,
  now: Date,
  pending: Pending = new Set(),
  waiting: Waiting = new Set(),
): NextStep {
  const rollouts = openRollouts(config, pending);
  if (wantedGroup !== undefined && !rollouts.some(({ group }) => group === wantedGroup)) {
    throw new CommandFailure(
      `Nothing is rolled out to a group called ${JSON.stringify(wantedGroup)}. ${rolledOut(rollouts)}`,
    );
  }
  if (rollouts.length === 0) {
    throw new CommandFailure(
      "There is nothing to roll out. No group runs an agent image with a `candidate`, and every instance has the settings of its group. `fleet pin` writes a candidate.",
    );
  }
  for (const rollout of rollouts) refuseBrokenEvidence(config, rollout, witnesses, now, pending);
  const unfinished = rollouts.filter(({ group, wave, target }) =>
    verdictsOf(config, group, wave, target, witnesses, now, pending).some(({ state }) => state !== "passed"),
  );
  if (unfinished.length > 0) {
    const edits = unfinished.flatMap((rollout) => beginning(config, rollout, pending));
    if (edits.length === 0) refuseWhatNothingProves(config, unfinished, witnesses, now, pending);
    const moving = unfinished.filter(({ group }) => !waiting.has(canaryOf(config, group)));
    const present = (moving.length > 0 ? moving : unfinished).map((each) =>
      beginning(config, each, pending).length === 0 ? each : { ...each, wave: 0 },
    );
    return { groups: present.map(({ group }) => group), title: present.map(waveTitle).join(", "), edits };
  }
  const ready = rollouts.filter(
    ({ group, wave, lastWave }) => wave < lastWave && (wantedGroup ?? group) === group,
  );
  const [first, ...others] = ready;
  const ended = rollouts.filter(({ isChange, group }) => isChange && (wantedGroup ?? group) === group);
  if (first === undefined && ended.length > 0) {
    return {
      groups: ended.map(({ group }) => group),
      title: ended
        .map(({ group }) => `${group}: every instance has its settings, so wave 0 again`)
        .join(", "),
      edits: ended.map(({ group }) => ({ path: ["instanceGroups", group, "wave"], value: 0 })),
    };
  }
  if (first === undefined) {
    const which = wantedGroup ?? (rollouts.length === 1 ? rollouts[0]?.group : "every group");
    return {
      done: `${which} has come to its last wave with ${imagesOf(rollouts)}. To make it the stable one: \`fleet promote\`.`,
    };
  }
  if (others.length > 0) {
    throw new CommandFailure(
      `${ready.map(({ group, wave }) => `${group} (wave ${wave})`).join(" and ")} could go on. Name one with --group: one wave of one group at a time.`,
    );
  }
  const next = { ...first, wave: first.wave + 1 };
  return {
    groups: [first.group],
    title: waveTitle(next),
    edits: [{ path: ["instanceGroups", first.group, "wave"], value: next.wave }],
  };
}

/** An update can't finish what is left of a wave when nothing could prove that it has passed. */
function refuseWhatNothingProves(
  config: StackConfig,
  unfinished: readonly Rollout[],
  witnesses: readonly Witness[],
  now: Date,
  pending: Pending,
): void {
  const open = unfinished.flatMap(({ group, wave, target }) =>
    verdictsOf(config, group, wave, target, witnesses, now, pending).filter(
      ({ state }) => state !== "passed",
    ),
  );
  if (open.every(({ unreadable }) => unreadable === true)) {
    throw new CommandFailure(
      `${unfinished.map(({ group }) => group).join(", ")} can't go on. ${open.map(({ sentence }) => sentence).join(" ")} See \`fleet evidence check\`.`,
    );
  }
}

function rolledOut(rollouts: readonly Rollout[]): string {
  return rollouts.length === 0
    ? "There is nothing to roll out: `fleet pin` writes a candidate."
    : `Something is rolled out to ${rollouts.map(({ group }) => group).join(", ")}.`;
}

function imagesOf(rollouts: readonly Rollout[]): string {
  return [...new Set(rollouts.map(({ target }) => shortReference(target)))].join(", ");
}

function waveTitle({ group, wave, lastWave, target, isChange }: Rollout): string {
  const which = wave === 0 ? "canary" : `wave ${wave}`;
  const what = isChange ? `other settings on ${shortReference(target)}` : shortReference(target);
  return `${group}: ${which} (waves 0 to ${lastWave}) to ${what}`;
}

/** What the waves before the present one have proved must still hold; the present one may be tried again. */
function refuseBrokenEvidence(
  config: StackConfig,
  { group, wave, target }: Rollout,
  witnesses: readonly Witness[],
  now: Date,
  pending: Pending,
): void {
  // Those that do not have their settings yet have nothing to prove so far: the present wave brings them first.
  const broken = verdictsOf(config, group, wave - 1, target, witnesses, now, pending).find(
    ({ state, sentence }) => state !== "passed" && sentence !== withoutSettings,
  );
  if (broken !== undefined) {
    throw new CommandFailure(
      `${group} can't go on: the evidence of its earlier waves does not hold (${broken.state}). ${broken.sentence} ` +
        "Run `pulumi up` to verify it again, or `fleet rollback`.",
    );
  }
}

const withoutSettings = "It does not have the settings of the stack file yet.";

/** The verdict of each instance up to a wave; before the first there is none. */
function verdictsOf(
  config: StackConfig,
  group: string,
  wave: number,
  image: string,
  witnesses: readonly Witness[],
  now: Date,
  pending: Pending,
): CanaryVerdict[] {
  const found = config.instanceGroups[group];
  if (found === undefined) return [];
  const demand = {
    image,
    bake: found.bake,
    onlySigned: config.environment === "production",
  };
  return found.instances
    .slice(0, waveCounts(found)[wave] ?? 0)
    .map(({ name }) =>
      pending.has(name)
        ? { state: "missing", sentence: withoutSettings }
        : witnessVerdict(witnesses.find((each) => each.name === name) ?? unseen(name), demand, now),
    );
}

/** Refuses a target that is behind, or that leaves out the look at a wave in between. */
export function refuseTarget(rollout: GroupRollout, target: number, allWaves: boolean): void {
  const { group, wave, lastWave } = rollout;
  if (target > lastWave) {
    throw new CommandFailure(`--to-wave ${target}: the last wave of ${group} is ${lastWave}.`);
  }
  if (target < wave) {
    throw new CommandFailure(
      `--to-wave ${target}: ${group} is at wave ${wave} already. To go back: \`fleet rollback --to-wave ${target}\`.`,
    );
  }
  if (target > wave + 1 && !allWaves) {
    throw new CommandFailure(
      `--to-wave ${target}: ${group} is at wave ${wave}, and each wave deserves a look before the next. Go to ${wave + 1}, ` +
        "or add --yes-all-waves: then every wave is an update of its own, and the first failure ends it.",
    );
  }
}
