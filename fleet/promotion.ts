import type { StackConfig } from "../config/schema.ts";
import { canaryVerdict, unseen, type Witness } from "../lifecycle/evidence/canary.ts";
import { CommandFailure } from "./command.ts";
import type { Edit } from "./stack-edit.ts";
import { groupsOnImage, withoutCandidate } from "./way-back.ts";

/**
 * The candidate becomes the stable release.
 *
 * @throws CommandFailure unless every group on the image is at its last wave and each instance has passed on it.
 */
export function promotionEdits(
  config: StackConfig,
  image: string,
  witnesses: readonly Witness[],
  now: Date,
): Edit[] {
  const { stable, candidate } = config.agentImages[image] ?? {};
  if (stable === undefined || candidate === undefined) {
    throw new CommandFailure(`The agent image ${image} has no candidate: there is nothing to promote.`);
  }
  const groups = groupsOnImage(config, image);
  if (groups.length === 0) {
    throw new CommandFailure(`No group runs the agent image ${image}: nothing has proved its candidate.`);
  }
  const behind = groups.find(({ wave, lastWave }) => wave < lastWave);
  if (behind !== undefined) {
    throw new CommandFailure(
      `${behind.group} stands at wave ${behind.wave} of 0 to ${behind.lastWave}. A candidate becomes the stable release only when every group on it is at its last wave. Go on with \`fleet update\`.`,
    );
  }
  const onlySigned = config.environment === "production";
  for (const { group } of groups) {
    const { instances = [], bake } = config.instanceGroups[group] ?? {};
    const asked = instances.map(({ name }) => witnesses.find((each) => each.name === name) ?? unseen(name));
    const verdict = canaryVerdict(asked, { image: candidate, onlySigned, bake }, now);
    if (verdict.state !== "passed") {
      throw new CommandFailure(
        `The candidate of ${image} is not proved by every instance (${verdict.state}). ${verdict.sentence}`,
      );
    }
  }
  return [
    { path: ["agentImages", image, "stable"], value: candidate },
    { path: ["agentImages", image, "previous"], value: stable },
    ...withoutCandidate(config, image),
  ];
}
