import type { CanaryFinding } from "./canary-finding.ts";
import { type JudgedGroup, type JudgedWorkload, placeIn, sameDigest } from "./fleet-facts.ts";
import { durationText } from "./proof.ts";
import { type Rollout, stackOf } from "./rollout.ts";
import { durationSchema, type Settings } from "./rule.ts";
import type { JudgedRecord } from "./signed-records.ts";
import { quoted } from "./verdict.ts";

/** For a rule that asks for rehearsals. */
export const rehearsalSettings = {
  rehearsalMaximumAge: {
    ...durationSchema,
    description:
      "How long a passed rehearsal counts, as `7d`. Each update to another version then needs one on record; without this key none is asked for",
  },
};

/** Seconds; undefined: no rehearsal is asked for. */
export function rehearsalAge(settings: Settings): number | undefined {
  return settings.has("rehearsalMaximumAge") ? settings.seconds("rehearsalMaximumAge", 0) : undefined;
}

/** A clock that is ahead by more than this makes a rehearsal that never grows old. Milliseconds. */
const clockTolerance = 5 * 60_000;

/** Why nothing on record shows that a workload has rehearsed a version on the release that it leaves. */
export interface Unrehearsed {
  /** What its rehearsal is, without a subject: "was failed at …". */
  what: string;
  hasFailed: boolean;
}

/**
 * The newest rehearsal of the two versions counts, and a failed one counts whoever wrote it.
 *
 * @returns undefined: it has passed, is signed and young enough.
 */
export function unrehearsed(
  rollout: Rollout,
  workload: JudgedWorkload,
  { from, image }: Pick<JudgedWorkload, "from" | "image">,
  maximumAge: number,
): Unrehearsed | undefined {
  const { records } = rollout.evidenceOf(workload);
  const ofThese = records.filter(
    (record) =>
      record.kind === "rehearsal" && sameDigest(record.from, from) && sameDigest(record.image, image),
  );
  const last = ofThese.findLast((record) => record.outcome !== "passed" || rollout.counts(record));
  const missing = (what: string) => ({ what, hasFailed: false });
  if (last === undefined)
    return missing(ofThese.length === 0 ? withoutOne(records, image) : "was signed by no trusted key");
  if (last.outcome !== "passed") return { what: `was ${last.outcome} at ${last.at}`, hasFailed: true };
  if (last.time - rollout.now > clockTolerance) return missing(`is dated ahead of now (${last.at})`);
  return rollout.now - last.time > maximumAge * 1000
    ? missing(`has passed at ${last.at}, longer than ${durationText(maximumAge)} ago`)
    : undefined;
}

function withoutOne(records: readonly JudgedRecord[], image: string): string {
  const elsewhere = records.some((record) => record.kind === "rehearsal" && sameDigest(record.image, image));
  return elsewhere ? "was on another release than the one that runs" : "is not on record";
}

/**
 * An instance that goes to a version which no instance of its group has rehearsed on the release that it leaves. A control
 * plane starts the instances that it makes, so these have no rehearsal.
 */
export function unrehearsedInGroup(
  rollout: Rollout,
  group: JudgedGroup,
  member: JudgedWorkload,
  maximumAge: number | undefined,
): CanaryFinding[] {
  if (maximumAge === undefined || member.managed) return [];
  const own = unrehearsed(rollout, member, member, maximumAge);
  if (own === undefined) return [];
  const others = rollout.membersOf(group).filter(({ managed, name }) => !managed && name !== member.name);
  const found = others.map((other) => ({ other, lack: unrehearsed(rollout, other, member, maximumAge) }));
  if (!own.hasFailed && found.some(({ lack }) => lack === undefined)) return [];
  const [first = { other: member, lack: own }] = own.hasFailed
    ? []
    : found.toSorted((one, next) => rank(one) - rank(next));
  const { other, lack = own } = first;
  return [
    {
      ...{ kind: "notRehearsed", ...placeIn(member, "image") },
      what: `image ${quoted(member.image)} is not rehearsed on ${quoted(member.from)}: the rehearsal of ${other.name} ${lack.what}`,
      why: "only a rehearsal shows before the update whether the new version works, and what a way back takes",
      write: `a rehearsal of it that passes (run: ${rehearseCommand(member)})`,
    },
  ];
}

/** The canary's is told, and of those one that there is. */
function rank({ other, lack }: { other: JudgedWorkload; lack: Unrehearsed | undefined }): number {
  return (other.role === "canary" ? 0 : 2) + (lack?.what === "is not on record" ? 1 : 0);
}

/** What an operator runs for it. */
export function rehearseCommand({ name, resource }: JudgedWorkload): string {
  const stack = stackOf(resource);
  return `fleet rehearse --stack ${stack} --workload ${name}`;
}
