import { shortReference } from "../config/image-reference.ts";
import { waveCounts } from "../config/rollout.ts";
import type { StackConfig } from "../config/schema.ts";
import { type CanaryVerdict, unseen, type Witness, witnessVerdict } from "../evidence/canary.ts";
import { CommandFailure } from "./command.ts";
import type { Edit } from "./stack-edit.ts";

/** A group that a candidate is being rolled out to. */
export interface GroupRollout {
  group: string;
  /** Key of its agent image. */
  image: string;
  candidate: string;
  wave: number;
  lastWave: number;
}

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
): NextStep {
  const rollouts = rolloutsOf(config);
  if (wantedGroup !== undefined && !rollouts.some(({ group }) => group === wantedGroup)) {
    throw new CommandFailure(
      `No candidate is rolled out to a group called ${JSON.stringify(wantedGroup)}. ${rolledOut(rollouts)}`,
    );
  }
  if (rollouts.length === 0) {
    throw new CommandFailure(
      "There is nothing to roll out: no agent image that a group runs has a `candidate`. `fleet pin` writes one.",
    );
  }
  for (const rollout of rollouts) refuseBrokenEvidence(config, rollout, witnesses, now);
  const unfinished = rollouts.filter(({ group, wave, candidate }) =>
    verdictsOf(config, group, wave, candidate, witnesses, now).some(({ state }) => state !== "passed"),
  );
  if (unfinished.length > 0) {
    return {
      groups: unfinished.map(({ group }) => group),
      title: unfinished.map(waveTitle).join(", "),
      edits: [],
    };
  }
  const ready = rollouts.filter(
    ({ group, wave, lastWave }) => wave < lastWave && (wantedGroup ?? group) === group,
  );
  const [first, ...others] = ready;
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

function rolledOut(rollouts: readonly GroupRollout[]): string {
  return rollouts.length === 0
    ? "None is: `fleet pin` writes a candidate."
    : `One is rolled out to ${rollouts.map(({ group }) => group).join(", ")}.`;
}

function imagesOf(rollouts: readonly GroupRollout[]): string {
  return [...new Set(rollouts.map(({ candidate }) => shortReference(candidate)))].join(", ");
}

function waveTitle({ group, wave, lastWave, candidate }: GroupRollout): string {
  const which = wave === 0 ? "canary" : `wave ${wave}`;
  return `${group}: ${which} (waves 0 to ${lastWave}) to ${shortReference(candidate)}`;
}

/** What the waves before the present one have proved must still hold; the present one may be tried again. */
function refuseBrokenEvidence(
  config: StackConfig,
  { group, wave, candidate }: GroupRollout,
  witnesses: readonly Witness[],
  now: Date,
): void {
  const broken = verdictsOf(config, group, wave - 1, candidate, witnesses, now).find(
    ({ state }) => state !== "passed",
  );
  if (broken !== undefined) {
    throw new CommandFailure(
      `${group} can't go on: the evidence of its earlier waves does not hold (${broken.state}). ${broken.sentence} ` +
        "Run `pulumi up` to verify it again, or `fleet rollback`.",
    );
  }
}

/** The verdict of each instance up to a wave; before the first there is none. */
function verdictsOf(
  config: StackConfig,
  group: string,
  wave: number,
  candidate: string,
  witnesses: readonly Witness[],
  now: Date,
): CanaryVerdict[] {
  const found = config.instanceGroups[group];
  if (found === undefined) return [];
  const demand = {
    image: candidate,
    bake: found.bake,
    onlySigned: config.environment === "production",
  };
  return found.instances
    .slice(0, waveCounts(found)[wave] ?? 0)
    .map(({ name }) =>
      witnessVerdict(witnesses.find((each) => each.name === name) ?? unseen(name), demand, now),
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
        "or say --yes-all-waves: then every wave is an update of its own, and the first that fails ends it.",
    );
  }
}
