import { changesSettings, changesVersion, type JudgedWorkload, placeIn, sameDigest } from "./fleet-facts.ts";
import { durationText } from "./proof.ts";
import { evidenceSettings, isInControlPlane, Rollout } from "./rollout.ts";
import { durationSchema, type Finding, stackRule, unreadableFact } from "./rule.ts";
import type { JudgedRecord } from "./signed-records.ts";
import { firstOf, quoted } from "./verdict.ts";

const kinds = [
  "unknown",
  "malformed",
  "misplaced",
  "bothTracks",
  "tooSoon",
  "unrecorded",
  "unsigned",
] as const;

type WindowFinding = Finding<(typeof kinds)[number]>;

const trackNames: Readonly<Record<string, string>> = {
  "control-plane": "the control plane",
  runtime: "the fleet",
};

/** Twelve hours, in seconds. */
const defaultGap = 12 * 3600;

export const oneTrackPerWindow = stackRule({
  name: "one-track-per-window",
  description:
    "The control plane and the fleet are never updated in one window, so that a fault has one suspect",
  severity: "high",
  remediationSteps:
    "Take the change of one track back. Make it in a window of its own, once the other has served for the time between tracks.",
  kinds,
  settings: {
    ...evidenceSettings,
    gap: {
      ...durationSchema,
      default: "12h",
      description: "How long one track has to be left alone before the other one is updated",
    },
  },
  judge: (graph, settings) => {
    const rollout = new Rollout(graph, settings);
    const { workloads, problems } = rollout.facts;
    const changing = workloads.filter(changesVersion);
    const forward = [
      ...changing.filter((each) => rollout.wayBackTo(each, each.image) === "no"),
      ...workloads.filter(changesSettings),
    ];
    return [
      ...rollout.keyProblems,
      ...problems.map(unreadableFact),
      ...workloads.flatMap(misplaced),
      ...changing.filter((each) => rollout.wayBackTo(each, each.image) === "unsigned").map(unsigned),
      ...bothTracks(forward),
      ...forward.flatMap((each) => tooSoon(rollout, each, settings.seconds("gap", defaultGap))),
    ];
  },
});

function trackOf(workload: JudgedWorkload): string {
  return isInControlPlane(workload) ? "control-plane" : "runtime";
}

/** The track is where a workload stands, whatever it says of itself. */
function misplaced(workload: JudgedWorkload): WindowFinding[] {
  return workload.track === trackOf(workload)
    ? []
    : [
        {
          ...{ kind: "misplaced", ...placeIn(workload, "judged.track") },
          what: `it says that it is of the track ${quoted(workload.track)}, but stands in ${trackNames[trackOf(workload)]}`,
          why: "so two tracks could pass for one",
          write: `"${trackOf(workload)}"`,
        },
      ];
}

/** Going back is allowed in every window, but somebody trusted must have written that it is one. */
function unsigned(workload: JudgedWorkload): WindowFinding {
  return {
    ...{ kind: "unsigned", ...placeIn(workload, "image") },
    what: `image ${quoted(workload.image)} is a release only by records that no trusted key has signed`,
    why: "whoever can write the file could have written it",
    write: "the public key of the machine that updates into `trustedKeys` of the policy config",
  };
}

function bothTracks(forward: readonly JudgedWorkload[]): WindowFinding[] {
  const planes = forward.filter((each) => trackOf(each) === "control-plane");
  const fleet = forward.filter((each) => trackOf(each) === "runtime");
  const names = fleet.map(({ name }) => name).toSorted();
  if (names.length === 0) return [];
  return planes.map((plane) => ({
    ...{ kind: "bothTracks", ...placeIn(plane, "image") },
    what: `the control plane is to run ${quoted(plane.image)}, and the update brings ${firstOf(names)} to another image too`,
    why: "a fault after it would have two suspects",
    write: "one of both changes; the other one in a window of its own",
  }));
}

/** By recorded time: whoever wrote a record, nobody gains by inventing an update. */
function tooSoon(rollout: Rollout, workload: JudgedWorkload, gap: number): WindowFinding[] {
  const others = rollout.facts.workloads.filter(
    (each) => trackOf(each) !== trackOf(workload) && each.from !== "",
  );
  const last = others
    .flatMap((other) => updatesOf(rollout, other).map((record) => ({ other, record })))
    .toSorted((one, next) => one.record.time - next.record.time)
    .at(-1);
  const silent = others.filter((other) => rollout.evidenceOf(other).records.length === 0);
  return [
    ...silent.map(
      (other): WindowFinding => ({
        ...{ kind: "unrecorded", ...placeIn(workload, "image") },
        what: `it is updated, but nothing is on record of ${other.name}, of the other track`,
        why: "nobody knows when that was updated last",
        write: `the records of ${other.name} back from a copy, in the evidence directory`,
      }),
    ),
    ...(last === undefined || rollout.now - last.record.time >= gap * 1000
      ? []
      : [
          {
            ...{ kind: "tooSoon" as const, ...placeIn(workload, "image") },
            what: `it is updated, and ${last.other.name} of the other track was updated at ${last.record.at}, less than ${durationText(gap)} ago`,
            why: "a fault of one would be looked for in the other",
            write: `this change into a window after ${new Date(last.record.time + gap * 1000).toISOString()}`,
          },
        ]),
  ];
}

/** Cut-overs to another image or other settings; those that went back are no updates. */
function updatesOf(rollout: Rollout, workload: JudgedWorkload): JudgedRecord[] {
  return rollout
    .evidenceOf(workload)
    .records.filter(
      ({ kind, direction, from, image }) =>
        kind === "cut-over" &&
        ((direction === "forward" && !sameDigest(from, image)) || direction === "change"),
    );
}
