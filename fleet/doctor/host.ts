import type { StackConfig } from "../../config/schema.ts";
import { formatBytes } from "../../config/units.ts";
import { messageOf } from "../../platforms/failure.ts";
import { lookOf, PlaceMissing, type Platform } from "../../platforms/platform.ts";
import type { Examination, Finding } from "./examination.ts";
import { notAsked } from "./examination.ts";

/** Seconds that two clocks may differ: windows, records and waits go by both. */
const tolerance = 5;

export const place: Examination = {
  name: "platform",
  look: async ({ platform }) => {
    if (platform === undefined) return notAsked;
    try {
      const before = Date.now();
      const theirs = (await platform.clock()).getTime();
      const ours = (before + Date.now()) / 2;
      return [{ well: `${platform.address} answers` }, clockFinding((theirs - ours) / 1000)];
    } catch (error) {
      return [
        {
          problem: platform.describe(error),
          remedy: `${platform.words.answerCommand()}, as the user that updates. See docs/hosts.md.`,
        },
      ];
    }
  },
};

function clockFinding(difference: number): Finding {
  const seconds = Math.round(Math.abs(difference));
  return seconds <= tolerance
    ? { well: "its clock is the one of this machine" }
    : {
        problem: `Its clock is ${seconds} s ${difference > 0 ? "fast" : "slow"}, seen from here.`,
        remedy: "timedatectl set-ntp true, on both machines",
      };
}

export const rights: Examination = {
  name: "rights",
  look: async ({ config, platform }) => {
    if (config === undefined || platform?.missingRights === undefined) return notAsked;
    // A platform that does not answer is a finding of its own.
    const missing = await platform.missingRights().catch(() => undefined);
    if (missing === undefined) return notAsked;
    return [
      missing.length === 0
        ? { well: `the deployer may do all that an update does on ${platform.words.place}` }
        : {
            problem: `The deployer may not: ${missing.join(", ")}.`,
            remedy: "Give it the role of docs/kubernetes-deployer.yaml, in the namespace of the stack",
          },
    ];
  },
};

export const images: Examination = {
  name: "images",
  look: async ({ config, platform, missingInRegistry }) => {
    if (config === undefined || platform === undefined) return notAsked;
    const findings: Finding[] = [];
    for (const reference of imagesOf(config)) {
      if (await isThere(platform, reference)) {
        findings.push({ well: `${reference} is on ${platform.words.place}` });
        continue;
      }
      const missing = await missingInRegistry(reference);
      findings.push(
        missing === undefined
          ? { well: `${reference} is in its registry` }
          : { problem: missing, remedy: `${platform.words.pullCommand(reference)}, says the same` },
      );
    }
    return findings;
  },
};

/** A host that does not answer is a finding of its own. */
async function isThere(platform: Platform, reference: string): Promise<boolean> {
  return (await platform.imageSize(reference).catch(() => undefined)) !== undefined;
}

function imagesOf({ agentImages, controlPlane, snapshots, ingress }: StackConfig): string[] {
  const all = [
    snapshots.image,
    ...(ingress === undefined ? [] : [ingress.image]),
    ...(controlPlane === undefined ? [] : [controlPlane.image]),
    ...Object.values(agentImages).flatMap(({ stable, candidate }) => [stable, candidate]),
  ];
  return [...new Set(all.filter((each) => each !== undefined))];
}

export const snapshotRoom: Examination = {
  name: "snapshots",
  look: async ({ config, platform, stack }) => {
    if (config === undefined || platform === undefined) return notAsked;
    const { repositories, image, minimumFree } = config.snapshots;
    // Nothing is pulled by a look.
    if (!(await isThere(platform, image))) return notAsked;
    try {
      const { stdout } = await platform.job({
        workload: lookOf(stack),
        purpose: "look at the room for snapshots",
        image,
        argv: ["df", "-B1", "--output=avail", "/repositories"],
        places: [
          { from: { directory: repositories }, at: "/repositories", readOnly: true, onlyIfThere: true },
        ],
        deadline: 60,
      });
      const free = Number(stdout.trim().split("\n").at(-1));
      return [
        free >= minimumFree
          ? { well: `${formatBytes(free)} are free in ${repositories}` }
          : {
              problem: `${formatBytes(free)} are free in ${repositories}, and ${formatBytes(minimumFree)} must be left beside all copies.`,
              remedy: "Give the snapshots a larger disk, or lower clawforce:snapshots.minimumFree",
            },
      ];
    } catch (error) {
      if (!(error instanceof PlaceMissing))
        return [{ problem: messageOf(error), remedy: "See docs/hosts.md." }];
      const { place, folderCommand } = platform.words;
      const remedy = folderCommand(repositories);
      return [
        remedy === undefined
          ? { well: `${repositories} is made with the first snapshot` }
          : { problem: `There is no folder ${repositories} on ${place}.`, remedy },
      ];
    }
  },
};
