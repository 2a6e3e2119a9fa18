import { digestOf } from "../config/image-reference.ts";
import type { StackConfig } from "../config/schema.ts";
import { releasesOf, sameDigest } from "../lifecycle/evidence/move.ts";
import type { EvidenceRecord } from "../lifecycle/evidence/records.ts";
import type { Situation } from "../lifecycle/update/situation.ts";
import { CommandFailure } from "./command.ts";
import { rolloutsOf } from "./next-wave.ts";
import { controlPlane } from "./pinned-change.ts";
import type { Edit } from "./stack-edit.ts";

/**
 * Takes the present wave of these groups back: to the one before, or, where that was the first, the candidate out of the
 * configuration, for every group on that image.
 */
export function takeBackEdits(config: StackConfig, groups: readonly string[]): Edit[] {
  const rollouts = rolloutsOf(config).filter(({ group }) => groups.includes(group));
  const images = new Set(rollouts.filter(({ wave }) => wave === 0).map(({ image }) => image));
  return [
    ...rollouts
      .filter(({ wave, image }) => wave > 0 && !images.has(image))
      .map((each) => ({ path: ["instanceGroups", each.group, "wave"], value: each.wave - 1 })),
    ...[...images].flatMap((image) => withoutCandidate(config, image)),
  ];
}

/** Of a failed update that has left every workload as it was. */
export function nothingToTakeBack(what: "wave" | "update", stack: string): string {
  return [
    `The ${what} failed before it changed a workload. Each runs what it ran before, so nothing is taken back.`,
    "The stack file is as it was before this command.",
    `To try again, once the cause is gone: fleet update --stack ${stack}`,
    "",
  ].join("\n");
}

/** What a way back has left alone is still there afterwards. */
export function leftAloneLines(planned: readonly Situation[]): string {
  return planned
    .flatMap(({ input, putOff, logCommand }) =>
      putOff === undefined
        ? []
        : [
            `${input.name} ${putOff.why} and was left as it is. See why: \`${logCommand}\`. Then run \`pulumi up --stack ${input.stack}\`.\n`,
          ],
    )
    .join("");
}

/** The candidate leaves the configuration, and every group on the image is at the beginning again. */
export function withoutCandidate(config: StackConfig, image: string): Edit[] {
  return [
    { path: ["agentImages", image, "candidate"], value: undefined },
    ...groupsOnImage(config, image)
      .filter(({ wave }) => wave !== 0)
      .map(({ group }) => ({ path: ["instanceGroups", group, "wave"], value: 0 })),
  ];
}

/**
 * The way back for workloads that were to get other settings; empty where none was. Whatever was changed of the settings is
 * an operator's text: nobody but them can write the one before again.
 */
export function settingsBack(planned: readonly Pick<Situation, "input" | "move">[]): string {
  const changed = planned.filter(({ move }) => "changes" in move && move.changes !== undefined);
  const [first] = changed;
  return first === undefined
    ? ""
    : [
        `The settings of ${changed.map(({ input }) => input.name).join(", ")} were changed. To go back: revert that change of the stack file (git revert), then run`,
        `  pulumi up --stack ${first.input.stack}   (every workload with the new settings goes back at once)`,
        "",
      ].join("\n");
}

export interface RollbackRequest {
  /** The key of an agent image, or "control-plane"; undefined: the one that there is. */
  image: string | undefined;
  group: string | undefined;
  /** Only lowers the wave. */
  toWave: number | undefined;
}

/**
 * Going back: to a lower wave, from a candidate to the stable release, or from the stable release to the recorded
 * previous one. The release before that becomes `previous`, when the records know one; else nothing stands there, because
 * what was gone back from is no way back.
 */
export function rollbackEdits(
  config: StackConfig,
  request: RollbackRequest,
  records: readonly (readonly EvidenceRecord[])[],
): Edit[] {
  if (request.toWave !== undefined) return lowerWave(config, request.toWave, request.group);
  const image = request.image ?? onlyImage(config);
  if (image === controlPlane) return controlPlaneBack(config, records);
  const references = config.agentImages[image];
  if (references === undefined) {
    throw new CommandFailure(
      `No agent image is called ${JSON.stringify(image)}. There is ${[...Object.keys(config.agentImages), controlPlane].join(", ")}.`,
    );
  }
  if (references.candidate !== undefined) return withoutCandidate(config, image);
  if (references.previous === undefined) {
    throw new CommandFailure(
      `clawforce:agentImages.${image} has neither a \`candidate\` nor a \`previous\`: the configuration names nothing to go back to.`,
    );
  }
  return [
    { path: ["agentImages", image, "stable"], value: references.previous },
    { path: ["agentImages", image, "previous"], value: releaseBefore(references.previous, records) },
  ];
}

/** The release that was left for `image`, in all records that know it; undefined when none does or they do not agree. */
function releaseBefore(image: string, records: readonly (readonly EvidenceRecord[])[]): string | undefined {
  const known = records.flatMap((each) => {
    const releases = releasesOf(each);
    const at = releases.findLastIndex((release) => sameDigest(release.image, image));
    const before = releases[at - 1]?.image;
    return at < 1 || before === undefined ? [] : [before];
  });
  const [first] = known;
  return first !== undefined && known.every((each) => digestOf(each) === digestOf(first)) ? first : undefined;
}

function onlyImage(config: StackConfig): string {
  const images = Object.keys(config.agentImages);
  const withCandidate = images.filter((image) => config.agentImages[image]?.candidate !== undefined);
  const choice = withCandidate.length > 0 ? withCandidate : images;
  if (choice.length === 1 && choice[0] !== undefined) return choice[0];
  throw new CommandFailure(`Which image goes back? Name it with --image: ${choice.join(", ")}.`);
}

function controlPlaneBack(
  { controlPlane: plane }: StackConfig,
  records: readonly (readonly EvidenceRecord[])[],
): Edit[] {
  if (plane === undefined) throw new CommandFailure("The configuration has no control plane.");
  if (plane.previous === undefined) {
    throw new CommandFailure(
      "clawforce:controlPlane has no `previous`: the configuration names nothing to go back to.",
    );
  }
  return [
    { path: ["controlPlane", "image"], value: plane.previous },
    { path: ["controlPlane", "previous"], value: releaseBefore(plane.previous, records) },
  ];
}

function lowerWave(config: StackConfig, toWave: number, wanted: string | undefined): Edit[] {
  const groups = rolloutsOf(config).filter(({ group, wave }) => (wanted ?? group) === group && wave > toWave);
  const [first, ...others] = groups;
  if (first === undefined) {
    throw new CommandFailure(
      `--to-wave ${toWave}: ${wanted === undefined ? "no group is" : `${wanted} is not`} at a higher wave. To take a canary back as well, leave --to-wave out.`,
    );
  }
  if (others.length > 0) {
    throw new CommandFailure(
      `Which group goes back to wave ${toWave}? Name it with --group: ${groups.map(({ group }) => group).join(", ")}.`,
    );
  }
  return [{ path: ["instanceGroups", first.group, "wave"], value: toWave }];
}

export function groupsOnImage(
  config: StackConfig,
  image: string,
): { group: string; wave: number; lastWave: number }[] {
  return Object.entries(config.instanceGroups)
    .filter(([, { agentImage }]) => agentImage === image)
    .map(([group, { wave, waves }]) => ({ group, wave, lastWave: waves.length - 1 }));
}
