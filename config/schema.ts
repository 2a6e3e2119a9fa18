import { z } from "zod";
import type { CheckSchema } from "./check-kind.ts";
import { controlPlane } from "./control-plane-schema.ts";
import { doc, name, publicKey } from "./fields.ts";
import { pinnedImage } from "./image-reference.ts";
import { ingress } from "./ingress-schema.ts";
import { instanceGroup } from "./instance-group-schema.ts";
import type { PlatformSchema, PlatformSettings } from "./platform-kind.ts";
import { migrate, rehearsal } from "./rehearsal-schema.ts";
import type { SecretPrints } from "./secret-values.ts";
import { snapshots } from "./snapshots-schema.ts";
import { seconds } from "./units.ts";

const exampleImage =
  "registry.example.com/openclaw:2026.4.15@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

export const agentImage = z.strictObject({
  stable: pinnedImage.meta(doc("Image that the groups run.", exampleImage)),
  candidate: pinnedImage
    .optional()
    .meta(
      doc(
        "Image that is rolled out, wave by wave. `fleet pin` writes it. Default: no rollout.",
        exampleImage.replace("2026.4.15", "2026.4.23"),
      ),
    ),
  previous: pinnedImage
    .optional()
    .meta(
      doc(
        "The release before `stable`. Its image is kept on the Docker host, so that going back needs no registry. Default: none is kept.",
        exampleImage.replace("2026.4.15", "2026.4.9"),
      ),
    ),
  migrate,
});

/**
 * @param check what an entry of `gate` and `verification` is
 * @param platform what stands under `platform`
 * @param usual the platform of a stack that names none
 */
export function stackSchemaOf(check: CheckSchema, platform: PlatformSchema, usual: PlatformSettings) {
  return z.strictObject({
    environment: z
      .enum(["production", "staging"])
      .meta(
        doc(
          "How strict the rules are. Production demands a change record and signed evidence.",
          "production",
        ),
      ),
    window: z
      .enum(["control-plane", "runtime", "none"])
      .meta(
        doc("The one track that an update may change. Going back is allowed in every window.", "runtime"),
      ),
    maintenance: z
      .strictObject({
        length: seconds
          .default(3600)
          .meta(doc("How long an update with a failed verification and a full restore may take.", "90m")),
        gapBetweenTracks: seconds
          .default(12 * 3600)
          .meta(
            doc("Time between the last change of one track and the next change of the other one.", "15m"),
          ),
      })
      .prefault({})
      .describe("Time for an update, and time between the updates of the two tracks."),
    deadlines: z
      .strictObject({
        factor: z
          .number()
          .min(1)
          .default(3)
          .meta(
            doc(
              "How many times as long as its last passing run on the workload a check may take, if that is more than its own deadline.",
              5,
            ),
          ),
        longest: seconds.default(600).meta(doc("Limit of a deadline that `factor` makes longer.", "15m")),
        baseline: seconds
          .default(120)
          .meta(doc("Deadline of each look at the running version before an update.", "5m")),
      })
      .prefault({})
      .describe("How long checks may take on a busy host."),
    change: z
      .strictObject({
        owner: z.string().min(1).meta(doc("Who decides on going back.", "operations@example.com")),
        ticket: z.string().min(1).meta(doc("Number of the change in your ticket system.", "CHG-1042")),
        changelogReviewed: z
          .boolean()
          .meta(
            doc(
              "True once the owner has read the release notes, the open issues and the breaking changes of the new version.",
              true,
            ),
          ),
      })
      .optional()
      .describe("The change record. Production demands one. Default: none."),
    onFailure: z
      .enum(["stop", "rollback"])
      .default("stop")
      .meta(doc("What `fleet update` does when a wave fails: end, or go back at once.", "rollback")),
    platform: platform
      .prefault(usual)
      .describe("Where the workloads run. Default: the Docker engine of this machine."),
    ingress: ingress
      .optional()
      .describe("The proxy in front, which holds requests during a cut-over. Default: no proxy."),
    controlPlane: controlPlane(check)
      .optional()
      .describe("Clawforce itself. It is the one workload of its track. Default: no control plane."),
    agentImages: z.record(name, agentImage).describe("The images that gateways run, by a name of yours."),
    instanceGroups: z
      .record(name, instanceGroup(check))
      .describe("Gateways that share an image and a rollout, by the group's name."),
    snapshots: snapshots.describe("Copies of the state, and the proof that they start."),
    rehearsal: rehearsal
      .prefault({})
      .describe("The start of a new version on a copy of the state, before anything is stopped."),
    evidence: z
      .strictObject({
        directory: z
          .string()
          .min(1)
          .meta(
            doc(
              "Folder on the machine that updates. Choose one outside of every checkout, and back it up.",
              "/var/lib/clawforce/evidence",
            ),
          ),
        signingKey: z
          .string()
          .min(1)
          .optional()
          .meta(
            doc(
              "File with an Ed25519 private key in PEM, mode 0600. Each record is signed with it. Production demands one. Default: records are not signed.",
              "/etc/clawforce/evidence.pem",
            ),
          ),
        trustedKeys: z
          .array(publicKey)
          .default([])
          .meta(
            doc("Other public keys whose records count, as base64. The key of `signingKey` always counts.", [
              "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=",
            ]),
          ),
      })
      .describe("The records of what was run, checked and decided."),
  });
}

/** Keys that hold secrets: set with `pulumi config set --secret`, never part of the parsed configuration. */
export const secretKeys = ["controlPlanePassword", "gatewayTokens", "secrets", "snapshotPassword"] as const;

export type StackSchema = ReturnType<typeof stackSchemaOf>;
export type StackConfig = z.output<StackSchema> & {
  /** Of the secrets below `secrets`; missing where their values are not known. */
  secretPrints?: SecretPrints;
  /** See `PlatformDeclaration`. */
  memoryMakesAnew?: true;
};
export type InstanceGroupConfig = StackConfig["instanceGroups"][string];
export type InstanceConfig = InstanceGroupConfig["instances"][number];
export type AgentImageConfig = StackConfig["agentImages"][string];
export type ControlPlaneConfig = NonNullable<StackConfig["controlPlane"]>;
export type BakeConfig = NonNullable<InstanceGroupConfig["bake"]>;
export type DeadlinesConfig = StackConfig["deadlines"];
export type SnapshotsConfig = StackConfig["snapshots"];
