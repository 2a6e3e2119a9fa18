import type { CanaryFinding } from "./canary-finding.ts";
import { type JudgedWorkload, placeIn, sameDigest } from "./fleet-facts.ts";
import { startsAnew } from "./log-findings.ts";
import { isInControlPlane, type Rollout } from "./rollout.ts";
import { quoted } from "./verdict.ts";

/**
 * A container that is made anew on the image that its workload says it runs already. Only the records can tell whether
 * that is true: of what it ran before the engine shows nothing.
 */
export function unknownImage(rollout: Rollout, workload: JudgedWorkload): CanaryFinding[] {
  const { image, from, madeAnew } = workload;
  if (!madeAnew || !sameDigest(from, image)) return [];
  const known = rollout.knows(workload, image);
  if (known === "signed") return [];
  if (known === "unsigned") return isInControlPlane(workload) ? [] : [unsigned(rollout, workload)];
  const { records } = rollout.evidenceOf(workload);
  if (records.length === 0 && startsAnew(workload)) return [];
  return [
    {
      ...{ kind: "differs", ...placeIn(workload, "image") },
      what: `it is made anew on ${quoted(image)}, which it says it runs, and none of its records knows that image`,
      why: "so another image could pass for the one that runs",
      write:
        "the image as `candidate` where it is new; where it has run, its records back into the evidence directory",
    },
  ];
}

/** Records of before the first signature: one pass that is signed is enough. */
function unsigned(rollout: Rollout, workload: JudgedWorkload): CanaryFinding {
  const verification = rollout.verificationOf(workload);
  const again = verification === undefined ? "" : ` (run: pulumi up --replace '${verification.urn}')`;
  return {
    ...{ kind: "unsigned", ...placeIn(workload, "image") },
    what: `it is made anew on ${quoted(workload.image)}, and only records that no trusted key has signed know that image`,
    why: "whoever can write the file could have written it",
    write: rollout.hasKeys
      ? `a pass on record that a trusted key has signed, before the change${again}`
      : "the public key of the machine that updates into `trustedKeys` of the policy config: it has none",
  };
}
