import { sharedDifferences, sharedFingerprint } from "../../config/container-settings.ts";
import { fingerprint } from "../../config/fingerprint.ts";
import { shortReference } from "../../config/image-reference.ts";
import type { WorkloadConfig } from "../../config/rollout.ts";
import type { InstanceGroupConfig, StackConfig } from "../../config/schema.ts";
import type { Track } from "../../config/track.ts";
import { type CanaryVerdict, canaryVerdict } from "../evidence/canary.ts";
import type { SealedRecord } from "../evidence/chain.ts";
import { lastColdPass } from "../evidence/cold-pass.ts";
import type { Envelope } from "../evidence/envelope.ts";
import { type Move, type RestorePlan, releasesOf, sameDigest } from "../evidence/move.ts";
import type { ReadRecord } from "../evidence/records.ts";
import { passedRehearsal } from "../evidence/rehearsal.ts";
import { passedReleases, recordedReleases } from "../evidence/releases.ts";
import { lastMade } from "../evidence/settings.ts";
import { witnessesOf } from "./canary-evidence.ts";
import type { Situation } from "./situation.ts";

/** What a judge of an update that shares no code with it has to know of a workload. Empty text: there is none. */
export interface JudgedWorkload {
  track: Track;
  role: WorkloadConfig["role"];
  group: string;
  wave: number;
  image: string;
  /** The image of the container that is there, else the one that ran last. */
  from: string;
  /** Its id: a judgement of another container proves nothing of this one. Empty also when it does not serve. */
  container: string;
  /** The release that it can be set back to, as recorded. */
  previous: string;
  /** `change-back`: to settings that it has passed on before. */
  move: Move["kind"] | "change-back";
  /** Fingerprint of the settings of its group that it gets in this update; empty: it keeps those that it has. */
  settings: string;
  /** What its state is set back to on the way; absent: it stays as it is. */
  restore?: RestorePlan;
  pause: JudgedPause;
  /**
   * Envelopes as they stand in the log, oldest first: what it has proved of `image`, `from` and the releases before, and
   * their snapshots.
   */
  evidence: Envelope[];
}

/** How long a cut-over may keep it from serving. Seconds, each the longest that the program allows. */
export interface JudgedPause {
  /** How long the ingress holds its requests; 0: none stands in front of it. */
  hold: number;
  /** Before it is stopped: requests under way, then active work, as far as the program can see any. */
  drain: number;
  /** Active work that the program can't see: what it must end by itself between SIGTERM and SIGKILL. */
  unseen: number;
  stopGrace: number;
  /** The newest cold snapshot on record with its check, and the migration as it was rehearsed; 0: there is none. */
  coldPass: number;
  /** From its new container to the end of its gate. */
  start: number;
}

/** What that judge has to know of an instance group. Empty text: there is none. */
export interface JudgedGroup {
  candidate: string;
  /** As recorded, whatever the configuration names. */
  stable: string;
  previous: string;
  canary: CanaryVerdict | { state: "none"; sentence: "" };
  /** Evidence by other checks than these does not count. */
  checksHash: string;
  /** Seconds, and requests meanwhile, that must follow a verification. */
  bake: { length: number; requests: number };
}

/** For each kind of record and each image: with the newest ones comes all that a verdict rests on. */
const newest = 3;

const speaking = [
  "begun",
  "cut-over",
  "gate",
  "verification",
  "bake",
  "state",
  "snapshot",
  "drill",
  "rehearsal",
] as const;

/** @param releases - those that the configuration names for it. */
export function judgedWorkload(surveyed: Situation, releases: readonly string[]): JudgedWorkload {
  const { config, observed, records, move, sealed } = surveyed;
  const { track, role, group = "", wave } = config;
  // That of one that is refused is not what the configuration wants.
  const { image } = surveyed.input;
  const from = observed?.image ?? imageBefore(move);
  const container = observed?.serves ? observed.id : "";
  const previous = releasesOf(records).at(-1)?.image ?? "";
  const spoken = [image, from, previous, ...releases].filter((reference) => reference !== "");
  const evidence = evidenceOf(sealed, spoken);
  const restore = "restore" in move ? move.restore : undefined;
  return {
    ...{ track, role, group, wave, image, from, container, previous, move: moveWord(move) },
    settings: settingsThatCome(surveyed),
    ...(restore !== undefined && { restore }),
    pause: pauseOf(surveyed),
    evidence,
  };
}

/** In the order in which a cut-over goes through it: see cut-over.ts, drain.ts, gate.ts. */
function pauseOf({ input, records, move }: Situation): JudgedPause {
  const { track, ingress, drain, stopGrace, healthWait, gate } = input;
  const { http, command, budget } = drain;
  const seen = track === "control-plane" || http !== undefined || command !== undefined;
  const cold = lastColdPass(records);
  const rehearsed = move.kind === "forward" ? passedRehearsal(records, move.from, move.to) : undefined;
  const migration = input.migrate === undefined ? 0 : (rehearsed?.seconds.migration ?? 0);
  return {
    hold: ingress?.hold ?? 0,
    drain: (ingress?.drain ?? 0) + (seen ? budget : 0),
    unseen: seen ? 0 : budget,
    stopGrace,
    coldPass: cold === undefined ? 0 : cold + migration,
    start: healthWait + gate.reduce((sum, { deadline }) => sum + deadline, 0),
  };
}

function moveWord(move: Move): JudgedWorkload["move"] {
  return move.kind === "change" && move.back ? "change-back" : move.kind;
}

function settingsThatCome({ made, records, config: { track } }: Situation): string {
  const before = lastMade(records);
  return before === undefined || sharedDifferences(before, made, track).length === 0
    ? ""
    : sharedFingerprint(made, track);
}

function imageBefore(move: Move): string {
  if (move.kind === "first") return "";
  return "from" in move ? move.from : move.to;
}

/** The releases that the configuration names for a workload, whichever it runs. */
export function namedReleasesFor(config: StackConfig, workload: WorkloadConfig): string[] {
  return namedReleases(config)
    .filter(({ isRunBy }) => isRunBy(workload))
    .map(({ release }) => release);
}

export function judgedGroups(
  config: StackConfig,
  surveyed: readonly Situation[],
  now: Date,
): Record<string, JudgedGroup> {
  const groups = Object.entries(config.instanceGroups);
  return Object.fromEntries(
    groups.map(([name, group]) => [name, judgedGroup(config, name, group, surveyed, now)]),
  );
}

function judgedGroup(
  config: StackConfig,
  name: string,
  { agentImage, verification, bake }: InstanceGroupConfig,
  surveyed: readonly Situation[],
  now: Date,
): JudgedGroup {
  const members = surveyed.filter((each) => each.config.group === name);
  const canaries = members.filter((each) => each.config.role === "canary");
  const candidate = config.agentImages[agentImage]?.candidate;
  const onlySigned = config.environment === "production";
  const { stable = "", previous = "" } = recordedReleases(
    members.map((each) => thatCount(config, each.records)),
  );
  return {
    candidate: candidate ?? "",
    stable,
    previous,
    canary:
      candidate === undefined
        ? { state: "none", sentence: "" }
        : canaryVerdict(witnessesOf(canaries), { image: candidate, bake, onlySigned }, now),
    checksHash: fingerprint(verification),
    bake: { length: bake?.length ?? 0, requests: bake?.requests ?? 0 },
  };
}

/** One sentence for each group that a candidate is rolled out to. */
export function describeVerdicts(groups: Readonly<Record<string, JudgedGroup>>): string[] {
  return Object.entries(groups)
    .filter(([, { candidate }]) => candidate !== "")
    .map(([name, { candidate, canary }]) => `${name}: ${shortReference(candidate)}: ${canary.sentence}`);
}

/** One line for each release in the configuration that no record knows; none as long as there is nothing on record. */
export function describeUnknownReleases(config: StackConfig, surveyed: readonly Situation[]): string[] {
  return namedReleases(config).flatMap(({ place, release, isRunBy, remedy }) => {
    const known = surveyed
      .filter((each) => isRunBy(each.config))
      .flatMap(({ records }) => passedReleases(thatCount(config, records)));
    return known.length === 0 || known.some((image) => sameDigest(image, release))
      ? []
      : [
          `clawforce:${place} names ${shortReference(release)}: no workload has passed on it, or each has gone back from it. ${remedy}`,
        ];
  });
}

interface NamedRelease {
  /** Path in the configuration. */
  place: string;
  release: string;
  isRunBy: (workload: WorkloadConfig) => boolean;
  remedy: string;
}

function namedReleases({ controlPlane, agentImages, instanceGroups }: StackConfig): NamedRelease[] {
  const previousRemedy = "Name the release that ran before, or take it out.";
  const ofImages = Object.entries(agentImages).flatMap(([image, { stable, previous }]) => {
    const isRunBy = ({ group }: WorkloadConfig) =>
      group !== undefined && instanceGroups[group]?.agentImage === image;
    const place = `agentImages.${image}`;
    const remedy = "A new release begins as a `candidate`: write it there.";
    return [
      { place: `${place}.stable`, release: stable, isRunBy, remedy },
      ...(previous === undefined
        ? []
        : [{ place: `${place}.previous`, release: previous, isRunBy, remedy: previousRemedy }]),
    ];
  });
  const previous = controlPlane?.previous;
  return [
    ...(previous === undefined
      ? []
      : [
          {
            place: "controlPlane.previous",
            release: previous,
            isRunBy: ({ role }: WorkloadConfig) => role === "control-plane",
            remedy: previousRemedy,
          },
        ]),
    ...ofImages,
  ];
}

/** Where signatures are demanded, what nobody has signed is known to no one. */
function thatCount({ environment }: StackConfig, records: readonly ReadRecord[]): ReadRecord[] {
  return records.filter(({ signedBy }) => environment !== "production" || signedBy !== undefined);
}

/** The newest records of each kind that speak of one of the images. */
function evidenceOf(sealed: readonly SealedRecord[], images: readonly string[]): Envelope[] {
  const kept = new Set(
    speaking.flatMap((kind) =>
      images.flatMap((image) =>
        sealed
          .filter(({ record }) => record.kind === kind && sameDigest(imageOf(record) ?? "", image))
          .slice(-newest),
      ),
    ),
  );
  return sealed.filter((each) => kept.has(each)).map(({ envelope }) => envelope);
}

function imageOf(record: ReadRecord): string | undefined {
  return record.kind === "cut-over" ? record.to : "image" in record ? record.image : undefined;
}
