import { type CanaryFinding, canaryKinds } from "./canary-finding.ts";
import { firstOnImage } from "./first-on-image.ts";
import {
  changesSettings,
  changesVersion,
  fleetTypes,
  isSet,
  type JudgedGroup,
  type JudgedWorkload,
  placeIn,
  sameDigest,
} from "./fleet-facts.ts";
import { notKnown, read } from "./guarded-read.ts";
import { imitations } from "./imitation.ts";
import { unknownReleases } from "./known-releases.ts";
import { logFindings, unconfirmedStarts } from "./log-findings.ts";
import { unknownImage } from "./made-anew.ts";
import { proofMissing, unsignedRelease } from "./missing-proof.ts";
import { rehearsalAge, rehearsalSettings, unrehearsedInGroup } from "./rehearsals.ts";
import { evidenceSettings, homeOf, imageOfContainer, isInControlPlane, Rollout } from "./rollout.ts";
import { durationSchema, type Settings, stackRule, unreadableFact } from "./rule.ts";
import type { StackGraph } from "./stack-graph.ts";
import { imageOfSet, madeOfSet, othersInSet, setImagePath } from "./unit-set.ts";
import { firstOf, quoted } from "./verdict.ts";

export const canaryBeforeFleet = stackRule({
  name: "canary-before-fleet",
  description: "A fleet runs only what one instance has proved",
  severity: "critical",
  remediationSteps:
    "Write the new reference as `candidate` of its agent image, with `wave: 0`. Let the canary run and bake on it. Raise the wave once it has passed. To go back, write the release that ran before: that waits for nothing.",
  kinds: canaryKinds,
  milder: { logNotRead: "advisory", goingBack: "advisory", firstStart: "advisory" },
  settings: {
    ...evidenceSettings,
    ...rehearsalSettings,
    canaries: {
      type: "integer",
      minimum: 1,
      default: 1,
      description: "How many instances of a group may be its canary",
    },
    minimumBake: {
      ...durationSchema,
      default: "0s",
      description: "How long a canary bakes at least, whatever its group says: `30m`",
    },
    longestAge: {
      ...durationSchema,
      default: "14d",
      description: "After which a canary's pass proves nothing any more",
    },
    repositories: {
      type: "array",
      items: { type: "string", minLength: 1 },
      default: [],
      description:
        "Repositories of gateways and of the control plane, as `ghcr.io/acme/openclaw`: their images run in workloads of a fleet only. Those that the fleet itself runs always count",
    },
  },
  judge: (graph, settings) => {
    const rollout = new Rollout(graph, settings);
    const { facts } = rollout;
    return [
      ...rollout.keyProblems,
      ...facts.problems.map(unreadableFact),
      ...frozenFacts(graph),
      ...facts.workloads.flatMap((workload) => evidenceProblems(rollout, workload)),
      ...facts.workloads.flatMap((workload) => placeProblems(workload)),
      ...logFindings(rollout),
      ...unconfirmedStarts(rollout),
      ...facts.workloads.flatMap((workload) => differences(rollout, workload)),
      ...facts.groups.flatMap((group) => groupFindings(rollout, group, settings)),
      ...firstOnImage(rollout),
      ...unknownReleases(rollout),
      ...imitations(rollout, settings.texts("repositories")),
    ];
  },
});

/** A component that goes on saying what it said in an earlier run. */
function frozenFacts(graph: StackGraph): CanaryFinding[] {
  const components = graph.ofType(...Object.values(fleetTypes));
  return components.flatMap(({ name, urn, opts }) =>
    opts.ignoreChanges.length === 0
      ? []
      : [
          {
            ...{ kind: "differs", resource: name, urn, path: "ignoreChanges" },
            what: `what it says of the fleet is under ignoreChanges (${opts.ignoreChanges.map(quoted).join(", ")})`,
            why: "what is judged has to be what runs",
            write: "no ignoreChanges on a component of the fleet",
          },
        ],
  );
}

/** Evidence that was copied, changed or put in: it never counts, and it is never passed over. */
function evidenceProblems(rollout: Rollout, workload: JudgedWorkload): CanaryFinding[] {
  const { records, problems } = rollout.evidenceOf(workload);
  const forged = records.filter(({ trust }) => trust === "wrong");
  return [
    ...problems.map(({ index, what }) => ({ path: `judged.evidence[${index}]`, what: `the record ${what}` })),
    ...forged.map(({ kind, sequence }) => ({
      path: "judged.evidence",
      what: `the ${kind} with number ${sequence} has a signature that does not belong to it`,
    })),
  ].map(({ path, what }) => ({
    ...{ kind: "badEvidence" as const, ...placeIn(workload, path), what },
    why: "it was changed, or copied from somewhere else",
    write: "the records back from a copy, in the evidence directory",
  }));
}

const rolesOf: Readonly<Record<string, readonly string[]>> = {
  [fleetTypes.group]: ["canary", "fleet"],
  [fleetTypes.controlPlane]: ["control-plane"],
};

function placeProblems(workload: JudgedWorkload): CanaryFinding[] {
  const { group, role } = workload;
  const home = homeOf(workload);
  const name = isInControlPlane(workload) ? "" : home?.name;
  const isAtHome = home !== undefined && rolesOf[home.type]?.includes(role) === true && group === name;
  return isAtHome
    ? []
    : [
        {
          ...{ kind: "misplaced", ...placeIn(workload, "judged.group") },
          what: `it says that it is the ${quoted(role)} of the group ${quoted(group)}, but stands in ${quoted(home?.name ?? "")}`,
          why: "a canary proves something for its own group only",
          write: "a workload into the component of its own group, or of the control plane",
        },
      ];
}

/** What its component says of it, and what the stack and the records have. */
function differences(rollout: Rollout, workload: JudgedWorkload): CanaryFinding[] {
  const { image, from, container, madeAnew: isAnew } = workload;
  const difference = (what: string): CanaryFinding[] => [
    {
      ...{ kind: "differs", ...placeIn(workload, "image"), what },
      why: "what is judged has to be what runs",
      write: "the program of this fleet as it is: its workloads say what they find",
    },
  ];
  const hasRun = rollout
    .evidenceOf(workload)
    .records.find(({ kind }) => kind === "gate" || kind === "cut-over");
  if (from === "" && hasRun !== undefined) {
    return difference(`it says that nothing has run there, but had its ${hasRun.kind} at ${hasRun.at}`);
  }
  if (!isMoveTrue(rollout, workload)) {
    return difference(
      `it says that its move is ${quoted(workload.move)}, but image and records say otherwise`,
    );
  }
  if (isSet(workload)) {
    const other = otherPod(workload);
    if (other !== undefined) return difference(other);
  }
  const unknown = unknownImage(rollout, workload);
  const has = imageOfContainer(workload);
  if (has === undefined || unknown.length > 0) return unknown;
  if (has === "") return [unreadableImage(workload)];

  // Left out of a targeted update, or under ignoreChanges: it stays as it is, and says what it is to become.
  if (sameDigest(has, isAnew ? image : from) || (container === "" && sameDigest(has, image))) return [];
  return difference(`its container has ${quoted(has)}, but it says ${quoted(isAnew ? image : from)}`);
}

/** A pod that is not what was judged. One that nothing is done to may have been made for another hash. */
function otherPod({ runner, trigger, madeAnew }: JudgedWorkload): string | undefined {
  const others = othersInSet(runner);
  if (others !== 0) {
    return others === undefined || others < 0
      ? "nobody can say which containers its pod has"
      : `its pod has ${others} more container${others === 1 ? "" : "s"} beside its own`;
  }
  const made = madeOfSet(runner);
  return madeAnew && made !== trigger
    ? `its pod is made for ${quoted(made)}, but it says ${quoted(trigger)}`
    : undefined;
}

function unreadableImage(workload: JudgedWorkload): CanaryFinding {
  const { name, runner } = workload;
  const [path, image] = isSet(workload)
    ? [setImagePath, imageOfSet(runner)]
    : ["image", read(runner.props, "image")];
  const isUnknown = image === notKnown;
  return {
    ...{ kind: isUnknown ? "unknown" : "malformed", resource: name, urn: runner.urn, path },
    what: `the image of its container is ${isUnknown ? "not known at preview" : "no text"}`,
    why: "nobody can say whether it is proved",
    write: "the reference of its workload as literal text, with its digest",
  };
}

/** Other rules ask less of what goes back or does not change. */
function isMoveTrue(rollout: Rollout, workload: JudgedWorkload): boolean {
  const { move, from, image } = workload;
  switch (move) {
    case "first":
      return from === "";
    case "back":
      return rollout.wayBackTo(workload, image) !== "no";
    case "adopt":
    case "none":
    case "restore":
    case "change":
    case "change-back":
      return sameDigest(from, image);
    default:
      return move === "forward" && from !== "";
  }
}

function groupFindings(rollout: Rollout, group: JudgedGroup, settings: Settings): CanaryFinding[] {
  const members = rollout.membersOf(group);
  const canaries = members.filter(({ role }) => role === "canary");
  const fleet = members.filter(({ role }) => role !== "canary");
  return [
    ...canaryCount(group, canaries, settings.number("canaries", 1)),
    ...waveProblems(group, members),
    ...fleet.flatMap((member) => disorder(rollout, member, canaries)),
    ...fleetChanges(rollout, group, canaries, fleet),
    ...fleet
      .filter((member) => changesVersion(member) && rollout.wayBackTo(member, member.image) === "no")
      .flatMap((member) => unrehearsedInGroup(rollout, group, member, rehearsalAge(settings))),
  ];
}

function canaryCount(
  { name, resource }: JudgedGroup,
  canaries: readonly JudgedWorkload[],
  most: number,
): CanaryFinding[] {
  if (canaries.length > 0 && canaries.length <= most) return [];
  const names = canaries.map((each) => each.name).join(", ");
  return [
    {
      ...{ kind: "noCanary", resource: name, urn: resource.urn, path: "waves" },
      what: canaries.length === 0 ? "it has no canary" : `it has ${canaries.length} canaries (${names})`,
      why: "one instance goes ahead of all others, so that a bad release costs one and no more",
      write: most === 1 ? "waves that begin with 1" : `waves that begin with ${most} at most`,
    },
  ];
}

function waveProblems(
  { name, resource, waves, wave }: JudgedGroup,
  members: readonly JudgedWorkload[],
): CanaryFinding[] {
  const counts = waves.map((each) => waveCount(each, members.length));
  const isGrowing = counts.every((count, index) => count >= (counts[index - 1] ?? 1));
  if (isGrowing && counts[wave] !== undefined) return [];
  return [
    {
      ...{ kind: "badWaves", resource: name, urn: resource.urn, path: "waves" },
      what: `its waves ${quoted(JSON.stringify(waves))} with wave ${wave} do not lead from a canary to all`,
      why: "each wave takes along what the one before has proved",
      write: 'waves that grow, as in [1, "25%", "100%"], and the index of one of them as `wave`',
    },
  ];
}

/** 0 when it is no wave. */
function waveCount(wave: unknown, total: number): number {
  if (typeof wave === "number") return Number.isInteger(wave) ? Math.min(wave, total) : 0;
  const share = typeof wave === "string" ? /^([1-9]\d?|100)%$/.exec(wave)?.[1] : undefined;
  return Math.min(total, Math.ceil((Number(share ?? 0) * total) / 100));
}

/** The order of the graph holds whatever changes: drift can replace any container. */
function disorder(
  rollout: Rollout,
  member: JudgedWorkload,
  canaries: readonly JudgedWorkload[],
): CanaryFinding[] {
  return canaries.flatMap((canary) => {
    const verification = rollout.verificationOf(canary);
    if (verification !== undefined && rollout.graph.after(verification).has(member.runner.urn)) return [];
    return [
      {
        ...{ kind: "disordered" as const, ...placeIn(member, "dependsOn") },
        what: `it does not come after the verification of its canary ${canary.name}`,
        why: "in one update both would be replaced at once",
        write: `a dependency on what follows ${canary.name}-verification`,
      },
    ];
  });
}

function fleetChanges(
  rollout: Rollout,
  group: JudgedGroup,
  canaries: readonly JudgedWorkload[],
  fleet: readonly JudgedWorkload[],
): CanaryFinding[] {
  const changing = [...canaries, ...fleet].filter(changesVersion);
  const back = changing.filter((member) => rollout.wayBackTo(member, member.image) !== "no");
  const forward = changing.filter((member) => !back.includes(member));
  const first = fleet.filter(({ from }) => from === "");
  const starts = first.map((member) => ({ member, leave: leaveToStart(rollout, group, canaries, member) }));
  const allowed = starts.filter(({ leave }) => leave !== "no").map(({ member }) => member);
  const unsigned = [
    ...back.filter((member) => rollout.wayBackTo(member, member.image) === "unsigned"),
    ...starts.filter(({ leave }) => leave === "unsigned").map(({ member }) => member),
  ];
  const unproved = [...forward, ...first].filter(
    (member) => !canaries.includes(member) && !allowed.includes(member),
  );
  return [
    ...said(
      group,
      "goingBack",
      back,
      "go back to a release that they have run before",
      "going back waits for nothing",
      "nothing, to go back; to stay, the image that runs",
    ),
    ...said(
      group,
      "firstStart",
      allowed,
      "are started for the first time",
      "there is nothing that could be lost",
      "nothing where they are new; where they have run, their records back into the evidence directory",
    ),
    ...unsigned.map((member) => unsignedRelease(rollout, member)),
    ...[...unproved, ...fleet.filter(changesSettings)].flatMap((member) =>
      proofMissing(rollout, group, canaries, member),
    ),
    ...forward.flatMap((member) => movedAtOnce(rollout, member)),
  ];
}

/** In order after a canary on the same image, or on a release that an instance of the group has passed on. */
function leaveToStart(
  rollout: Rollout,
  group: JudgedGroup,
  canaries: readonly JudgedWorkload[],
  { image }: JudgedWorkload,
): "yes" | "unsigned" | "no" {
  // A candidate is proved by its canary alone, before others start with it.
  const isCandidate = sameDigest(group.candidate, image);
  const comesAfter = (canary: JudgedWorkload) =>
    sameDigest(canary.image, image) &&
    (canary.from === "" ||
      (!isCandidate &&
        sameDigest(canary.from, image) &&
        rollout.proofsOf(canary, group).all.state !== "failed"));
  if (canaries.length > 0 && canaries.every(comesAfter)) return "yes";
  if (isCandidate) return "no";
  const passed = rollout.membersOf(group).map((member) => rollout.passedOn(member, image));
  if (passed.includes("signed")) return "yes";
  return passed.includes("unsigned") ? "unsigned" : "no";
}

/** What is allowed without a canary's proof is said, once for a group. */
function said(
  group: JudgedGroup,
  kind: "goingBack" | "firstStart",
  members: readonly JudgedWorkload[],
  does: string,
  why: string,
  write: string,
): CanaryFinding[] {
  if (members.length === 0) return [];
  const names = members.map(({ name }) => name).toSorted();
  const images = [...new Set(members.map(({ image }) => image))].toSorted().map(quoted);
  return [
    {
      ...{ kind, resource: group.name, urn: group.resource.urn, path: "image" },
      ...{ what: `${firstOf(names)} ${does}: ${images.join(", ")}`, why, write },
    },
  ];
}

/** Its group is what proves an image for it: a change of both at once would be proved by nobody. */
function movedAtOnce(rollout: Rollout, member: JudgedWorkload): CanaryFinding[] {
  const before = rollout.evidenceOf(member).records.findLast(({ group }) => group !== "")?.group;
  if (before === undefined || before === member.group) return [];
  return [
    {
      ...{ kind: "moved", ...placeIn(member, "judged.group") },
      what: `it was moved from the group ${quoted(before)} to ${quoted(member.group)}, and gets another image in the same update`,
      why: "it would leave behind the canary that has to prove the image for it",
      write: "the move alone, run it, and then the image",
    },
  ];
}
