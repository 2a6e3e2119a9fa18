import type { CanaryFinding } from "./canary-finding.ts";
import {
  changesVersion,
  digestOf,
  type JudgedGroup,
  type JudgedWorkload,
  placeIn,
  sameDigest,
} from "./fleet-facts.ts";
import { remedyOf } from "./missing-proof.ts";
import type { ProofState } from "./proof.ts";
import type { Rollout } from "./rollout.ts";
import { firstOf, quoted } from "./verdict.ts";

/** A member of a group, with that group. */
interface Member {
  group: JudgedGroup;
  workload: JudgedWorkload;
}

/**
 * Canaries of several groups that go to one image. Each group has its own, and still one of them all goes first: what
 * nobody has run must not come to ten groups at once because each of them has a canary. Known by the digest, whatever
 * the agent images are called.
 */
export function firstOnImage(rollout: Rollout): CanaryFinding[] {
  const members = rollout.facts.groups.flatMap((group) =>
    rollout.membersOf(group).map((workload) => ({ group, workload })),
  );
  const going = members.filter(({ workload }) => isGoing(rollout, workload));
  const digests = [...new Set(going.map(({ workload }) => digestOf(workload.image)))].toSorted();
  return digests.flatMap((digest) => {
    const toIt = going.filter(({ workload }) => digestOf(workload.image) === digest);
    const onIt = members.filter(({ workload }) => staysOn(workload, digest));
    return ofImage(rollout, toIt, onIt);
  });
}

/** Back to what it has run is no way forward, and waits for nobody. */
function isGoing(rollout: Rollout, workload: JudgedWorkload): boolean {
  return (
    workload.role === "canary" &&
    changesVersion(workload) &&
    rollout.wayBackTo(workload, workload.image) === "no"
  );
}

/** What it has proved counts even where its container is made anew for something else. */
function staysOn({ from, image }: JudgedWorkload, digest: string): boolean {
  return sameDigest(from, image) && digestOf(image) === digest;
}

function ofImage(rollout: Rollout, going: readonly Member[], onIt: readonly Member[]): CanaryFinding[] {
  if (onIt.some((member) => hasProved(rollout, member))) return [];
  const [tried] = onIt.filter(({ workload }) => workload.role === "canary").toSorted(byName);
  if (tried !== undefined) return [notProved(rollout, going, tried)];
  const first = firstOfAll(rollout, going);
  const others = going.filter(({ group }) => group.name !== first.group.name);
  return others.length === 0 ? [] : [together(others, first)];
}

/** A release that has grown old is proved still; a candidate has to be proved anew. */
function hasProved(rollout: Rollout, { group, workload }: Member): boolean {
  const { state } = rollout.proofsOf(workload, group).signed;
  const isCandidate = rollout.facts.groups.some(({ candidate }) => sameDigest(candidate, workload.image));
  return state === "passed" || (state === "stale" && !isCandidate);
}

/** The one that most of the others wait for. */
function firstOfAll(rollout: Rollout, going: readonly Member[]): Member {
  const followers = ({ workload }: Member) => {
    const verification = rollout.verificationOf(workload);
    if (verification === undefined) return 0;
    const after = rollout.graph.after(verification);
    return going.filter((other) => after.has(other.workload.runner.urn)).length;
  };
  const [first] = going.toSorted((one, other) => followers(other) - followers(one) || byName(one, other)) as [
    Member,
  ];
  return first;
}

function together(others: readonly Member[], { workload: first }: Member): CanaryFinding {
  return {
    ...said(others),
    kind: "unproven",
    what: `${to(others)} in the same update as ${first.name}, and no instance has proved it`,
    write: `the image that runs for ${names(others)}, and ${first.name} alone; the others once it has passed`,
  };
}

function notProved(rollout: Rollout, going: readonly Member[], { group, workload }: Member): CanaryFinding {
  const { state, what } = rollout.proofsOf(workload, group).all;
  const told = `${to(going)}, and ${workload.name} of the group ${quoted(group.name)} ${what}`;
  return state === "passed"
    ? {
        ...{ ...said(going), kind: "unsigned", what: `${told}, and no trusted key has signed that` },
        write: "the public key of the machine that updates into `trustedKeys` of the policy config",
      }
    : {
        ...{ ...said(going), kind: kindOf[state], what: told },
        write: remedyOf(state, rollout, group, workload),
      };
}

const kindOf: Readonly<Record<Exclude<ProofState, "passed">, CanaryFinding["kind"]>> = {
  failed: "revoked",
  missing: "unproven",
  baking: "notBaked",
  stale: "stale",
};

/** One line for all of them, at the first. */
function said(members: readonly Member[]) {
  const [first] = members.toSorted(byName) as [Member];
  return {
    ...placeIn(first.workload, "image"),
    why: "what one instance has not proved must not come to several groups at once",
  };
}

function to(members: readonly Member[]): string {
  const [{ workload }] = members as [Member];
  return `${names(members)} ${members.length === 1 ? "goes" : "go"} to ${quoted(workload.image)}`;
}

function names(members: readonly Member[]): string {
  return firstOf(members.map(({ workload }) => workload.name).toSorted());
}

function byName({ workload: one }: Member, { workload: other }: Member): number {
  return one.name < other.name ? -1 : 1;
}
