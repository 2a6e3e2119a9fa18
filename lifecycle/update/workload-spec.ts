import type { ContainerConfig } from "../../config/container-schema.ts";
import { containerOf } from "../../config/rollout.ts";
import type { StackConfig } from "../../config/schema.ts";
import type { UnitSpec } from "../../platforms/resources.ts";
import { adoptedUnit } from "../evidence/adoption.ts";
import { lastUnit } from "../evidence/move.ts";
import { isFromBefore, refusalText, unjudgedSince } from "../evidence/refusal.ts";
import { oldStateAdvice } from "./after-failure.ts";
import { judgedWorkload, namedReleasesFor } from "./evidence-facts.ts";
import type { Situation } from "./situation.ts";

/** Of a container that stays, and that is from before its records: they can't tell what it was made anew for last. */
function keptOf({ move, records }: Situation): { trigger: boolean; labels: boolean } {
  const stays = move.kind === "none";
  return { trigger: stays && unjudgedSince(records) !== undefined, labels: stays && isFromBefore(records) };
}

/**
 * By the id of the container whose network it is, which is what the engine knows it by: by its name it would differ after
 * each refresh. Where that container was made anew, this one has to be too.
 */
function inNetworkOf(network: Situation["network"], container: ContainerConfig): ContainerConfig {
  return network?.id === undefined ? container : { ...container, networkMode: `container:${network.id}` };
}

/** Said when its container does not come up. */
function notComingUp({ input, move, hearsay }: Situation): string {
  if (move.kind === "back")
    return `the version of before does not come up. ${oldStateAdvice(input, hearsay)}`;
  if (move.kind === "restore") return "its image does not come up on the state that was set back.";
  if (move.kind === "adopt") return "its container does not come up on the state that it adopts.";
  return `the new version does not come up. The way back: ${input.wayBack}`;
}

/** The id of what is there or was last: a unit that is changed in its place stays the kind of thing that it is. */
function unitThere({ observed, move, hearsay }: Situation): string | undefined {
  return move.kind === "adopt" ? move.stranger.id : (observed?.id ?? lastUnit(hearsay));
}

function adoptedOf({ move, hearsay }: Situation): Pick<UnitSpec, "adopted"> {
  const now = move.kind === "adopt";
  const { beside } = (now ? move.stranger : adoptedUnit(hearsay)) ?? {};
  return beside === undefined ? {} : { adopted: { now, beside } };
}

/** What the components need to know of a workload. */
export function specOf(stackConfig: StackConfig, surveyed: Situation) {
  const { config, input, observed, made, servingTrigger: trigger, refused, network } = surveyed;
  const { track, group, role, wave, publish, hosts, bake } = config;
  const there = unitThere(surveyed);
  return {
    stack: input.stack,
    name: input.name,
    ...(config.containerName !== undefined && { containerName: config.containerName }),
    ...(there !== undefined && { there }),
    ...adoptedOf(surveyed),
    track,
    role,
    wave,
    ...(group !== undefined && { group }),
    image: input.image,
    running: observed?.image ?? "",
    ...(publish !== undefined && { publish }),
    hosts,
    state: input.state,
    ...(config.backups !== undefined && { backups: config.backups }),
    container: inNetworkOf(network, containerOf(config)),
    managed: config.managed,
    stopGrace: input.stopGrace,
    gate: input.gate,
    verification: input.verification,
    ...(bake !== undefined && { bake }),
    ...(input.ingress !== undefined && { ingress: input.ingress }),
    trigger: made.trigger,
    restoreEpoch: made.restore,
    servingTrigger: trigger,
    missingTrigger: surveyed.missingTrigger,
    ...(surveyed.putOff && { putOff: surveyed.putOff }),
    ...(refused?.untouched && { untouched: refusalText(input.name, refused) }),
    keeps: {
      ...keptOf(surveyed),
      secrets: surveyed.keepsSecrets,
      network: network !== undefined && network.id === undefined,
    },
    preparationAttempt: surveyed.preparationAttempt,
    judged: judgedWorkload(surveyed, namedReleasesFor(stackConfig, config)),
    adopts: config.adopt !== undefined,
    fallsBack: surveyed.move.kind === "back" && surveyed.move.restore === undefined && !config.managed,
    wayBack: notComingUp(surveyed),
    input,
  };
}
