import type { PolicyResource } from "@pulumi/policy";
import { isCutOver, isForward, isPinned } from "./cut-overs.ts";
import { digestOf, type FleetFacts, fleetTypes, isSet, type JudgedWorkload } from "./fleet-facts.ts";
import { notKnown, read } from "./guarded-read.ts";
import { hasRehearsed, isUnrehearsed, missingOf, preparationsOf, rehearsesNow } from "./preparations.ts";
import { isLeftOut } from "./program-commands.ts";
import { rehearsalAge, rehearsalSettings, rehearseCommand, unrehearsed } from "./rehearsals.ts";
import { evidenceSettings, Rollout } from "./rollout.ts";
import { type Finding, stackRule, unreadableFact } from "./rule.ts";
import type { StackGraph } from "./stack-graph.ts";
import { unreadProperty } from "./unread.ts";
import { firstOf, quoted } from "./verdict.ts";

const kinds = [
  "unknown",
  "malformed",
  "unpinned",
  "same",
  "notKept",
  "onNodes",
  "forced",
  "notDrilled",
  "notRehearsed",
  "noPrevious",
] as const;

type RollbackFinding = Finding<(typeof kinds)[number]>;

export const rollbackReady = stackRule({
  name: "rollback-ready",
  description: "No release is left before it is sure that the way back to it works",
  severity: "critical",
  remediationSteps:
    "Name the release that ran before as `previous`, with its digest: its image then stays on the host. Let the preparation run in the same update.",
  kinds,
  milder: { onNodes: "advisory" },
  settings: { ...evidenceSettings, ...rehearsalSettings },
  judge: (graph, settings) => {
    const rollout = new Rollout(graph, settings);
    const { facts } = rollout;
    const kept = new KeptImages(graph, facts);
    const named = namedReleases(graph, facts);
    const leaving = facts.workloads.filter((workload) => isCutOver(workload) && isForward(workload));
    return [
      ...rollout.keyProblems,
      ...facts.problems.map(unreadableFact),
      ...leaving.flatMap((workload) => leftFindings(graph, workload, kept)),
      ...onNodes(leaving.filter(isSet)),
      ...leaving.flatMap((workload) => untriedFindings(rollout, workload, rehearsalAge(settings))),
      ...named.flatMap((releases) => namedFindings(releases, kept)),
      ...kept.findingsAbout([
        ...facts.workloads.flatMap(({ from, image }) => [from, image]),
        ...named.flatMap(({ references }) => references.map(({ reference }) => reference)),
      ]),
    ];
  },
});

const remoteImage = "docker:index/remoteImage:RemoteImage";
const clusterProvider = "pulumi:providers:kubernetes";

function isOfFleet({ parent }: PolicyResource): boolean {
  return parent?.type === "clawforce:fleet:Fleet";
}

/** The images that the program keeps on the Docker host. The nodes of a cluster fetch theirs by themselves. */
class KeptImages {
  readonly #images: readonly PolicyResource[];
  readonly #areOnNodes: boolean;

  constructor(graph: StackGraph, { workloads }: FleetFacts) {
    this.#images = graph.ofType(remoteImage);
    this.#areOnNodes =
      workloads.length > 0 ? workloads.every(isSet) : graph.ofType(clusterProvider).some(isOfFleet);
  }

  /** Whether what keeps an image is in the program; whether it keeps it indeed is judged of each. */
  has(reference: string): boolean {
    return this.#areOnNodes || this.#images.some((image) => this.#isOf(image, [digestOf(reference)]));
  }

  findingsAbout(references: readonly string[]): RollbackFinding[] {
    const digests = references.filter((reference) => reference !== "").map(digestOf);
    return this.#images.flatMap((image) => [
      ...flagFindings(image, "forceRemove", false, "forced", {
        what: "it is removed by force, also while a container runs on it",
        write: "no forceRemove",
      }),
      ...(this.#isOf(image, digests)
        ? flagFindings(image, "keepLocally", true, "notKept", {
            what: "it is not kept on the host",
            write: "keepLocally: true",
          })
        : []),
    ]);
  }

  /** One whose name is not known can be any. */
  #isOf({ props }: PolicyResource, digests: readonly string[]): boolean {
    const name = read(props, "name");
    return name === notKnown || (typeof name === "string" && digests.includes(digestOf(name)));
  }
}

function flagFindings(
  image: PolicyResource,
  path: string,
  wanted: boolean,
  kind: "forced" | "notKept",
  told: { what: string; write: string },
): RollbackFinding[] {
  const value = read(image.props, path);
  if (value === notKnown) return [unreadProperty(image, { path, problem: "unknown" })];
  if ((value ?? false) === wanted) return [];
  const why = "going back must not depend on a registry";
  return [{ kind, resource: image.name, urn: image.urn, path, ...told, why }];
}

/** Once for all of them. */
function onNodes(leaving: readonly JudgedWorkload[]): RollbackFinding[] {
  const [first] = leaving;
  if (first === undefined) return [];
  const images = [...new Set(leaving.map(({ from }) => from))].toSorted().map(quoted).join(", ");
  return [
    {
      ...{ kind: "onNodes", resource: first.name, urn: first.runner.urn, path: "judged.from" },
      what: `nobody can see here whether a node keeps ${images}, which ${firstOf(leaving.map(({ name }) => name))} ${leaving.length === 1 ? "leaves" : "leave"}`,
      why: "a node fetches images by itself and deletes those that nothing runs, so the way back may need the registry",
      write: "nothing, if the registry keeps that image and the cluster can reach it",
    },
  ];
}

/** The release that a workload leaves in this update. */
function leftFindings(graph: StackGraph, workload: JudgedWorkload, kept: KeptImages): RollbackFinding[] {
  const { name, runner, from } = workload;
  const place = { resource: name, urn: runner.urn, path: "judged.from" };
  if (!isPinned(from)) {
    return [
      {
        ...{ kind: "unpinned", ...place },
        what: `it leaves ${quoted(from)}, which has no digest`,
        why: "nobody can go back to what has no name",
        write: "the image that runs with its digest first, in an update of its own",
      },
    ];
  }
  const preparations = preparationsOf(graph, workload);
  const missing =
    preparations
      .map((each) => (isLeftOut(each) ? "its preparation is left out" : missingOf(each, workload)))
      .find((each) => each !== undefined) ??
    (preparations.length === 0 ? "it has no preparation" : undefined);
  return [
    ...(kept.has(from)
      ? []
      : [
          {
            ...{ kind: "notKept" as const, ...place },
            what: `nothing in the program keeps ${quoted(from)}, which it leaves`,
            why: "going back must not depend on a registry",
            write: `previous: ${from}`,
          },
        ]),
    ...(missing === undefined
      ? []
      : [
          {
            ...{ kind: "notDrilled" as const, ...place },
            what: `nothing has started a copy of its state on ${quoted(from)}: ${missing}`,
            why: "a copy that was never started is no way back",
            write: "the update with its preparation in it",
          },
        ]),
  ];
}

/**
 * A version that is not tried on a copy of the state before it takes over. Where rehearsals are asked for, the preparation
 * tries it in this update, before anything is stopped, or one is on record.
 */
function untriedFindings(
  rollout: Rollout,
  workload: JudgedWorkload,
  maximumAge: number | undefined,
): RollbackFinding[] {
  const preparations = preparationsOf(rollout.graph, workload);
  const untried = (what: string, write: string): RollbackFinding => ({
    ...{ kind: "notRehearsed", resource: workload.name, urn: workload.runner.urn, path: "judged.from" },
    what: `nothing tries ${quoted(workload.image)} on a copy of its state: its rehearsal ${what}`,
    why: "only a rehearsal shows before the update whether the new version works, and what a way back takes",
    write,
  });
  if (maximumAge === undefined) {
    const isOff = preparations.some((each) => isUnrehearsed(each, workload));
    return isOff ? [untried("is turned off", "clawforce:rehearsal.enabled: true")] : [];
  }
  if (workload.managed || preparations.some((each) => !isLeftOut(each) && rehearsesNow(each))) return [];
  // Judged once more when all is done, its preparation has left its result, and the program knew no record of it before.
  const isDone = read(workload.starter.props, isSet(workload) ? "stdout" : "id") !== notKnown;
  if (isDone && preparations.some((each) => hasRehearsed(each, workload))) return [];
  const lack = unrehearsed(rollout, workload, workload, maximumAge);
  return lack === undefined
    ? []
    : [untried(lack.what, `a rehearsal of it that passes (run: ${rehearseCommand(workload)})`)];
}

/** What a component names: an agent image, or the image of the control plane. */
interface NamedReleases {
  resource: PolicyResource;
  references: readonly { key: string; reference: string }[];
  problems: readonly RollbackFinding[];
  workloads: readonly JudgedWorkload[];
}

function namedReleases(graph: StackGraph, facts: FleetFacts): NamedReleases[] {
  const groupsOf = (image: string) =>
    facts.groups.filter(({ agentImage }) => agentImage === image).map(({ name }) => name);
  return [
    ...graph.ofType(fleetTypes.agentImage).map((resource) => {
      const groups = groupsOf(resource.name);
      const workloads = facts.workloads.filter(({ group }) => groups.includes(group));
      return { ...readReferences(resource, "stable", ["candidate", "previous"]), workloads };
    }),
    ...graph.ofType(fleetTypes.controlPlane).map((resource) => {
      const workloads = facts.workloads.filter(({ resource: own }) => own.parent?.urn === resource.urn);
      return { ...readReferences(resource, "image", ["previous"]), workloads };
    }),
  ];
}

function readReferences(resource: PolicyResource, needed: string, optional: readonly string[]) {
  const references: { key: string; reference: string }[] = [];
  const problems: RollbackFinding[] = [];
  for (const key of [needed, ...optional]) {
    const value = read(resource.props, key) ?? undefined;
    if (typeof value === "string") references.push({ key, reference: value });
    else if (value !== undefined || key === needed) {
      const problem = value === notKnown ? "unknown" : "malformed";
      const { ofFleet: _, ...own } = unreadableFact({ resource, path: key, problem });
      problems.push(own);
    }
  }
  return { resource, references, problems };
}

function namedFindings(
  { resource, references, problems, workloads }: NamedReleases,
  kept: KeptImages,
): RollbackFinding[] {
  const previous = references.find(({ key }) => key === "previous")?.reference;
  const place = { resource: resource.name, urn: resource.urn, path: "previous" };
  if (previous === undefined) {
    return [...problems, ...(problems.length > 0 ? [] : previousMissing(place, references, workloads))];
  }
  const findings: RollbackFinding[] = [...problems];
  if (!isPinned(previous)) {
    findings.push({
      ...{ kind: "unpinned", ...place },
      what: `${quoted(previous)} has no digest`,
      why: "nobody can go back to what has no name",
      write: "the digest of what ran, behind its tag",
    });
    return findings;
  }
  for (const { key, reference } of references) {
    if (key === "previous" || digestOf(reference) !== digestOf(previous)) continue;
    findings.push({
      ...{ kind: "same", ...place },
      what: `${quoted(previous)} is the same image as \`${key}\``,
      why: "there would be nothing to go back to",
      write: "the release that ran before it",
    });
  }
  if (!kept.has(previous)) {
    findings.push({
      ...{ kind: "notKept", ...place },
      what: `nothing in the program keeps ${quoted(previous)}`,
      why: "going back must not depend on a registry",
      write: "a RemoteImage of it, with keepLocally: true",
    });
  }
  return findings;
}

/** Where one of them has left a release that nothing names any more. Going back never waits for that. */
function previousMissing(
  place: { resource: string; urn: string; path: string },
  references: readonly { reference: string }[],
  workloads: readonly JudgedWorkload[],
): RollbackFinding[] {
  if (workloads.some(({ move }) => move === "back")) return [];
  const digests = references.map(({ reference }) => digestOf(reference));
  const unnamed = workloads.find(({ previous }) => previous !== "" && !digests.includes(digestOf(previous)));
  return unnamed === undefined
    ? []
    : [
        {
          ...{ kind: "noPrevious", ...place },
          what: `it is not given, and ${unnamed.name} ran ${quoted(unnamed.previous)} before`,
          why: "the way back would have to be found while it is needed",
          write: `previous: ${unnamed.previous}`,
        },
      ];
}
