import type { CanaryFinding } from "./canary-finding.ts";
import {
  changesSettings,
  changesVersion,
  type JudgedGroup,
  type JudgedWorkload,
  placeIn,
  sameDigest,
} from "./fleet-facts.ts";
import { durationText, type ProofState } from "./proof.ts";
import { imageOfContainer, type Rollout } from "./rollout.ts";
import { quoted } from "./verdict.ts";

const kindOf: Readonly<Record<Exclude<ProofState, "passed">, CanaryFinding["kind"]>> = {
  failed: "revoked",
  missing: "unproven",
  baking: "notBaked",
  stale: "stale",
};

/** What the canaries of a group have not proved for a member that is to run another image; nothing when all is proved. */
export function proofMissing(
  rollout: Rollout,
  group: JudgedGroup,
  canaries: readonly JudgedWorkload[],
  member: JudgedWorkload,
): CanaryFinding[] {
  const [worst] = canaries
    .flatMap((canary) => missingOf(rollout, group, canary, member))
    .toSorted((one, other) => order.indexOf(one.kind) - order.indexOf(other.kind));
  if (worst === undefined) return [];
  const subject = changesSettings(member) ? "its change of settings" : `image ${quoted(member.image)}`;
  const what = `${subject} is not proved: ${worst.what}`;
  return [{ ...worst, what, ...placeIn(member, "image") }];
}

/** From what stands in the way the most. */
const order: readonly CanaryFinding["kind"][] = ["revoked", "unproven", "unsigned", "stale", "notBaked"];

type Missing = Pick<CanaryFinding, "kind" | "what" | "why" | "write">;

const why = "a fleet must not run what one instance has not proved";

function missingOf(
  rollout: Rollout,
  group: JudgedGroup,
  canary: JudgedWorkload,
  member: JudgedWorkload,
): Missing[] {
  const its = `its canary ${canary.name}`;
  if (!sameDigest(canary.image, member.image)) {
    return [{ kind: "unproven", what: `${its} is to run ${quoted(canary.image)}`, why, write: asCandidate }];
  }
  if (changesVersion(canary) || canary.from === "" || canary.madeAnew) {
    return [
      { kind: "unproven", what: `${its} is only brought to it in this update`, why, write: asCandidate },
    ];
  }
  const has = imageOfContainer(canary);
  if (has !== undefined && !sameDigest(has, member.image)) {
    return [
      { kind: "unproven", what: `${its} stays on ${quoted(has)} in this update`, why, write: asCandidate },
    ];
  }
  const { signed, all } = rollout.proofsOf(canary, group, changesSettings(member) ? member.settings : "");
  if (signed.state === "passed") return [];
  if (all.state !== "passed") {
    const write = remedyOf(all.state, rollout, group, canary);
    return [{ kind: kindOf[all.state], what: `${its} ${all.what}`, why, write }];
  }
  const what = `${its} ${all.what}, and no trusted key has signed that`;
  return [{ kind: "unsigned", what, ...signing(rollout) }];
}

/** A release that is one by records alone that nobody trusted has signed. */
export function unsignedRelease(rollout: Rollout, member: JudgedWorkload): CanaryFinding {
  return {
    ...{ kind: "unsigned", ...placeIn(member, "image") },
    what: `image ${quoted(member.image)} is a release only by records that no trusted key has signed`,
    ...signing(rollout),
  };
}

function signing({ hasKeys }: Rollout): Pick<Missing, "why" | "write"> {
  return {
    why: "whoever can write the file could have written it",
    write: hasKeys
      ? "`clawforce:evidence.signingKey` on the machine that updates, and its public key into `trustedKeys` of the policy config"
      : "the public key of the machine that updates into `trustedKeys` of the policy config: it has none",
  };
}

const asCandidate =
  "the reference as `candidate` of its agent image with `wave: 0`; raise the wave once the canary has passed";

/** What is verified or baked again only when it is asked for has to be asked for by its URN. */
export function remedyOf(
  state: Exclude<ProofState, "passed">,
  rollout: Rollout,
  group: JudgedGroup,
  canary: JudgedWorkload,
): string {
  const atCanary = "the wave of the canary";
  switch (state) {
    case "failed":
      return "the release before, for all; or make the canary pass with `pulumi up`";
    case "baking": {
      const demanded = rollout.bakeOf(group);
      return demanded.length > group.bake.length
        ? `${atCanary} and \`bake: ${durationText(demanded.length)}\` for its group, and run \`pulumi up\`: the policies ask for it`
        : `${atCanary}, and run \`pulumi up\`: it bakes the canary to the end`;
    }
    case "missing":
    case "stale": {
      const again = [rollout.verificationOf(canary), rollout.bakeCommandOf(group)];
      const replace = again.flatMap((command) =>
        command === undefined ? [] : [`--replace '${command.urn}'`],
      );
      return `${atCanary} (or run: pulumi up ${replace.join(" ")})`;
    }
  }
}
