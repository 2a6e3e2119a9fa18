import type { PolicyResource } from "@pulumi/policy";
import {
  commandType,
  containerType,
  type FleetFacts,
  fleetFactsOf,
  fleetTypes,
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

/** The fleet of a stack with its verified records, and what follows from them. */
export class Rollout {
  readonly graph: StackGraph;
  readonly facts: FleetFacts;
  /** When all is judged. Milliseconds since 1970. */
  readonly now = Date.now();
  readonly keyProblems: readonly Finding<"malformed">[];
  readonly #keys: readonly TrustedKey[];
  readonly #evidence = new Map<JudgedWorkload, ReadEvidence>();
  readonly #minimumBake: number;
  readonly #longestAge: number;

  constructor(graph: StackGraph, settings: Settings) {
    this.graph = graph;
    this.facts = fleetFactsOf(graph);
    const { keys, problems } = readTrustedKeys(settings.texts("trustedKeys"));
    this.keyProblems = problems.map(badKey);
    this.#keys = keys;
    this.#minimumBake = settings.seconds("minimumBake", 0);
    this.#longestAge = settings.seconds("longestAge", defaultLongestAge);
  }

  get hasKeys(): boolean {
    return this.#keys.length > 0;
  }

  /** Opened and verified when it is first asked for: the rule about windows asks only where something changes. */
  evidenceOf(workload: JudgedWorkload): ReadEvidence {
    const known = this.#evidence.get(workload);
    if (known !== undefined) return known;
    const owner = { stack: stackOf(workload.resource), workload: workload.name };
    const opened = readEvidence(workload.evidence, owner, this.#keys);
    this.#evidence.set(workload, opened);
    return opened;
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

function badKey({ path, what }: { path: string; what: string }): Finding<"malformed"> {
  return {
    ...{ kind: "malformed", resource: "policy config", path, what },
    why: "no signature can be verified with it",
    write: "what `openssl pkey -in <key> -pubout -outform DER | base64 -w0` prints",
  };
}

/** Settings of a rule that judges records. */
export const evidenceSettings = { trustedKeys: trustedKeysSchema };

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
export function imageOfContainer({ runner }: JudgedWorkload): string | undefined {
  if (runner.type !== containerType) return undefined;
  const image = read(runner.props, "image");
  return typeof image === "string" ? image : "";
}

function hasPassed(releases: readonly string[], image: string): boolean {
  return releases.some((release) => sameDigest(release, image));
}

function stackOf({ urn }: PolicyResource): string {
  return urn.split("::")[0]?.split(":")[2] ?? "";
}

function isSigned({ trust }: JudgedRecord): boolean {
  return trust === "signed";
}

function isNotForged({ trust }: JudgedRecord): boolean {
  return trust !== "wrong";
}
