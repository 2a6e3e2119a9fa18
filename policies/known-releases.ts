import type { PolicyResource } from "@pulumi/policy";
import type { CanaryFinding } from "./canary-finding.ts";
import { fleetTypes, type JudgedWorkload, sameDigest } from "./fleet-facts.ts";
import { notKnown, read } from "./guarded-read.ts";
import { isInControlPlane, type Rollout } from "./rollout.ts";
import { quoted } from "./verdict.ts";

/** Releases in the configuration that no workload has passed on, or that each has gone back from. */
export function unknownReleases(rollout: Rollout): CanaryFinding[] {
  const { graph, facts } = rollout;
  return [
    ...graph.ofType(fleetTypes.agentImage).flatMap((image) => {
      const groups = facts.groups
        .filter(({ agentImage }) => agentImage === image.name)
        .map(({ name }) => name);
      const running = facts.workloads.filter(({ group }) => groups.includes(group));
      return unknownOf(rollout, image, running, ["stable", "previous"]);
    }),
    ...graph
      .ofType(fleetTypes.controlPlane)
      .flatMap((plane) => unknownOf(rollout, plane, facts.workloads.filter(isInControlPlane), ["previous"])),
  ];
}

function unknownOf(
  rollout: Rollout,
  resource: PolicyResource,
  workloads: readonly JudgedWorkload[],
  fields: readonly ("stable" | "previous")[],
): CanaryFinding[] {
  const known = workloads.flatMap((workload) => rollout.releasesOf(workload));
  return fields.flatMap((field): CanaryFinding[] => {
    const release = read(resource.props, field);
    const place = { resource: resource.name, urn: resource.urn, path: field };
    if (release === undefined || release === null || release === "") return [];
    if (typeof release !== "string") {
      const kind = release === notKnown ? "unknown" : "malformed";
      return [
        {
          ...{
            kind,
            ...place,
            what: kind === "unknown" ? "the release is not known at preview" : "the release is no text",
          },
          ...{
            why: "nobody can say whether it ever ran",
            write: "the reference as literal text, with its digest",
          },
        },
      ];
    }
    // As long as nothing is on record, there is nothing to go by: the first start of all.
    if (known.length === 0 || known.some((image) => sameDigest(image, release))) return [];
    return [
      {
        ...{ kind: "unknownRelease", ...place },
        what: `image ${quoted(release)} is no release: no workload has passed on it, or each has gone back from it`,
        why: "the configuration could call anything a release",
        write:
          field === "stable"
            ? "it as `candidate`, and the release that runs as `stable`"
            : "the release that ran before, or nothing",
      },
    ];
  });
}
