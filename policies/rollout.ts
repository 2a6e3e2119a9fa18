import type { PolicyResource } from "@pulumi/policy";
import { type ComparedLog, comparedLog } from "./compared-log.ts";
import { EvidenceFolder, evidenceDirectorySchema } from "./evidence-folder.ts";
import {
  commandType,
  type FleetFacts,
  fleetFactsOf,
  fleetTypes,
  isSet,
  type JudgedGroup,
  type JudgedWorkload,
  sameDigest,
} from "./fleet-facts.ts";
import { read } from "./guarded-read.ts";
import { type Proof, passedReleases, proofOf } from "./proof.ts";
import type { Finding, Settings } from "./rule.ts";
import {
  type JudgedRecord,
  type ReadEvidence,
  readEvidence,
  readTrustedKeys,
  type TrustedKey,
  trustedKeysSchema,
} from "./signed-records.ts";
import type { StackGraph } from "./stack-graph.ts";
import { imageOfSet } from "./unit-set.ts";

/** The fleet of a stack with its verified records, and what follows from them. */
export class Rollout {
  readonly graph: StackGraph;
  readonly facts: FleetFacts;
  /** When all is judged. Milliseconds since 1970. */
  readonly now = Date.now();
  readonly keyProblems: readonly Finding<"malformed">[];
  /** Why the evidence directory is not read, as a phrase; undefined: it is. */
  readonly folderProblem: string | undefined;
  /** The configuration asks for the evidence directory to be read. */
  readonly namesFolder: boolean;
  readonly #keys: readonly TrustedKey[];
  readonly #evidence = new Map<JudgedWorkload, WholeEvidence>();
  readonly #folder: EvidenceFolder | undefined;
  readonly #minimumBake: number;
  readonly #longestAge: number;

  constructor(graph: StackGraph, settings: Settings) {
    this.graph = graph;
    this.facts = fleetFactsOf(graph);
    const { keys, problems } = readTrustedKeys(settings.texts("trustedKeys"));
    this.keyProblems = problems.map(badKey);
    this.#keys = keys;
    const directory = settings.text("evidenceDirectory");
    this.namesFolder = directory !== undefined;
    this.folderProblem = directory === undefined ? "no folder is named" : undefined;
    const folder = directory === undefined ? undefined : new EvidenceFolder(directory);
    if (folder?.problem !== undefined) this.folderProblem = `${directory} ${folder.problem}`;
    this.#folder = this.folderProblem === undefined ? folder : undefined;
    this.#minimumBake = settings.seconds("minimumBake", 0);
    this.#longestAge = settings.seconds("longestAge", defaultLongestAge);
  }

  get hasKeys(): boolean {
    return this.#keys.length > 0;
  }

  /** Opened and verified when it is first asked for: the rule about windows asks only where something changes. */
  evidenceOf(workload: JudgedWorkload): WholeEvidence {
    const known = this.#evidence.get(workload);
    if (known !== undefined) return known;
    const owner = { stack: stackOf(workload.resource), workload: workload.name };
    const handed = readEvidence(workload.evidence, owner, this.#keys);
    const images = [workload.image, workload.from, workload.previous];
    const logged = this.#folder?.recordsOf(owner, images);
    const log = logged && comparedLog(workload.evidence, logged, images);
    const records =
      log === undefined ? handed.records : readEvidence(log.envelopes, owner, this.#keys).records;
    const whole = { records, problems: handed.problems, log };
    this.#evidence.set(workload, whole);
    return whole;
  }

  membersOf({ name }: JudgedGroup): JudgedWorkload[] {
    return this.facts.workloads.filter(({ group }) => group === name);
  }

  /**
   * What a member has proved of the image that it is to run, with these settings where they are given: by signed records
   * alone, and by all of them.
   */
  proofsOf(member: JudgedWorkload, group: JudgedGroup, settings = ""): { signed: Proof; all: Proof } {
    const { records } = this.evidenceOf(member);
    const proof = (counts: (record: JudgedRecord) => boolean) =>
      proofOf(
        records,
        {
          ...{ image: member.image, container: member.container, checksHash: group.checksHash },
          settings,
          bake: this.bakeOf(group),
          ...{ longestAge: this.#longestAge, counts },
        },
        this.now,
      );
    return { signed: proof(isSigned), all: proof(isNotForged) };
  }

  /** What its canary has to bake: what the group says, and what the policy asks for at least. */
  bakeOf({ bake }: JudgedGroup): JudgedGroup["bake"] {
    return { ...bake, length: Math.max(bake.length, this.#minimumBake) };
  }

  /** Whether a workload has passed on an image and not gone back from it: by signed records, by others alone, or not. */
  passedOn(workload: JudgedWorkload, image: string): "signed" | "unsigned" | "no" {
    const { records } = this.evidenceOf(workload);
    if (hasPassed(passedReleases(records, isSigned), image)) return "signed";
    return hasPassed(passedReleases(records, isNotForged), image) ? "unsigned" : "no";
  }

  /** Whether an image is one to go back to: the workload has passed on it, or was updated from it. */
  wayBackTo(workload: JudgedWorkload, image: string): "signed" | "unsigned" | "no" {
    const left = this.evidenceOf(workload).records.filter(
      ({ kind, direction, from }) =>
        kind === "cut-over" && direction === "forward" && sameDigest(from, image),
    );
    const passed = this.passedOn(workload, image);
    if (passed === "signed" || left.some(isSigned)) return "signed";
    return passed === "unsigned" || left.some(isNotForged) ? "unsigned" : "no";
  }

  /** Whether a pass that stands in a record counts: a trusted key has signed it. */
  counts(record: JudgedRecord): boolean {
    return isSigned(record);
  }

  /** Whether anything on record of a workload speaks of an image that has run in it. */
  knows(workload: JudgedWorkload, image: string): "signed" | "unsigned" | "no" {
    const speaking = this.evidenceOf(workload).records.filter(
      ({ kind, image: spoken }) => runningKinds.includes(kind) && sameDigest(spoken, image),
    );
    if (speaking.some(isSigned)) return "signed";
    return speaking.some(isNotForged) ? "unsigned" : "no";
  }

  /** The releases that a workload has passed on and not gone back from, whoever wrote it. */
  releasesOf(workload: JudgedWorkload): string[] {
    return passedReleases(this.evidenceOf(workload).records, isNotForged);
  }

  /** The command that bakes its canary, where it bakes. */
  bakeCommandOf({ name, bake }: JudgedGroup): PolicyResource | undefined {
    return bake.length === 0
      ? undefined
      : this.graph.ofType(commandType).find((each) => each.name === `${name}-wave-0-bake`);
  }

  /** Its verification, which what must wait for it comes after. */
  verificationOf({ resource, name }: JudgedWorkload): PolicyResource | undefined {
    return this.graph
      .childrenOf(resource, commandType)
      .find(
        (each) =>
          each.name === `${name}-verification` && read(each.props, "create") === "operations/verify.ts",
      );
  }
}

/** All that is known of a workload's records. */
export interface WholeEvidence extends ReadEvidence {
  /** What the log itself says beside what the program hands on; undefined: it was not read. */
  log: ComparedLog | undefined;
}

function badKey({ path, what }: { path: string; what: string }): Finding<"malformed"> {
  return {
    ...{ kind: "malformed", resource: "policy config", path, what },
    why: "no signature can be verified with it",
    write: "what `openssl pkey -in <key> -pubout -outform DER | base64 -w0` prints",
  };
}

/** Settings of a rule that judges records. */
export const evidenceSettings = {
  trustedKeys: trustedKeysSchema,
  evidenceDirectory: evidenceDirectorySchema,
};

/** Records of what has run. A rehearsal has run on a copy. */
const runningKinds = ["begun", "cut-over", "gate", "state", "verification", "bake"];

/** Two weeks, in seconds. */
const defaultLongestAge = 14 * 86_400;

/** The component that a workload stands in. */
export function homeOf({ resource }: JudgedWorkload): PolicyResource | undefined {
  return resource.parent;
}

export function isInControlPlane(workload: JudgedWorkload): boolean {
  return homeOf(workload)?.type === fleetTypes.controlPlane;
}

/** The image of its container as the stack has it, empty where it can't be read; undefined where a control plane makes the container. */
export function imageOfContainer(workload: JudgedWorkload): string | undefined {
  const { runner, managed } = workload;
  if (managed) return undefined;
  const image = isSet(workload) ? imageOfSet(runner) : read(runner.props, "image");
  return typeof image === "string" ? image : "";
}

function hasPassed(releases: readonly string[], image: string): boolean {
  return releases.some((release) => sameDigest(release, image));
}

/** Name of the stack that a resource is of. */
export function stackOf({ urn }: PolicyResource): string {
  return urn.slice("urn:pulumi:".length, urn.indexOf("::"));
}

function isSigned({ trust }: JudgedRecord): boolean {
  return trust === "signed";
}

function isNotForged({ trust }: JudgedRecord): boolean {
  return trust !== "wrong";
}
