import type { Made } from "../../config/container-settings.ts";
import type { Displaced } from "../../platforms/displaced.ts";
import type { ControlPlaneBaseline } from "./control-plane-baseline.ts";
import type { Forecast, MigrationStepResult, OwnForecast, StateChanges } from "./rehearsal-parts.ts";
import type { StateSurvey } from "./state-survey.ts";

/** What tells whether a version has moved the state: see moved-state.ts. */
export interface Markers {
  /** Path in the state -> what was seen of it. A number is a user_version alone: all that older records have. */
  databases: Record<string, number | DatabaseMarker | { unreadable: string }>;
  /**
   * What a version has put aside when it moved its state (`cron/jobs.json.migrated`): path -> size and time. Missing in
   * older records.
   */
  archives?: Record<string, string>;
  /** The version that OpenClaw stamped into its configuration (meta.lastTouchedVersion). */
  configVersion?: string;
  /** The further places of the state that were read, by their paths in the container. */
  places?: string[];
}

/** What the versions of a program leave in an SQLite database when they change its schema. */
export interface DatabaseMarker {
  userVersion: number;
  /** Fingerprint of tables, columns, indexes, views and triggers; empty: it has none. */
  schema: string;
  /** Its migration tables: the newest version in each, and a fingerprint of the rows without their times. */
  migrations?: Record<string, { version: string; rows: string }>;
}

/**
 * `hot`: while the workload served. `cold`: stopped, before a new version took over; the state that matches its image.
 * `pre-restore`: stopped, before the way back; untrusted, never restored unless named. `backup`: made by the control
 * plane of an instance that it manages, while that served; fetched and opened.
 */
export type SnapshotRole = "hot" | "cold" | "pre-restore" | "backup";

export type Outcome = "passed" | "failed" | "inconclusive";

export interface CheckResult {
  name: string;
  severity: "critical" | "warning";
  outcome: Outcome;
  /** What was seen, in one line without secrets. */
  detail: string;
  seconds: number;
  attempts: number;
  /** It ran out of time before it had an answer: that says nothing of the workload's health. */
  slow?: true;
}

export interface SnapshotEntry {
  kind: "snapshot";
  role: SnapshotRole;
  /** restic's id, 8 hex digits or more. */
  snapshot: string;
  /** The image that wrote this state, with digest; of a state whose writer is unknown the one that its drill started. */
  image: string;
  writer?: "unknown";
  /** Locks in the stopped state that a gateway has left which did not end by itself, by their paths. */
  locks?: string[];
  /** Of all its places. */
  files: number;
  bytes: number;
  /** The places of the state beside the main one: path in the container -> bytes. */
  places?: Record<string, number>;
  /** What `snapshots.exclude` left out of it. */
  leftOut?: string[];
  /** Of a hot one before an update: what stood in the state. */
  survey?: StateSurvey;
  seconds: number;
  /** Of a hot one: the part of that which its databases took. */
  databaseSeconds?: number;
  markers: Markers;
  /** Of a backup: where it is on the machine that updates. */
  archive?: { file: string; sha256: string };
}

export interface DrillEntry {
  kind: "drill";
  snapshot: string;
  image: string;
  seconds: number;
  /** Of a control plane: how many were in the database of the snapshot. */
  users?: number;
}

/** What a new version's image did to the stopped state before it was started, after the cold snapshot. */
export interface MigrationEntry {
  kind: "migration";
  from: string;
  /** The new version, whose image ran the steps. */
  image: string;
  /** The cold snapshot from before it. */
  snapshot: string;
  outcome: "passed" | "failed";
  steps: MigrationStepResult[];
  seconds: number;
}

/** A new version, tried on a copy of the state while the old one served. */
export interface RehearsalEntry {
  kind: "rehearsal";
  /** The snapshot that it was tried on. */
  snapshot: string;
  from: string;
  /** The new version. */
  image: string;
  /** Fingerprint of the migration's steps: with others it is another rehearsal. */
  migration: string;
  /** What `snapshots.exclude` left out of the copy. */
  leftOut?: string[];
  outcome: "passed" | "failed";
  /** Why it did not pass, in one line. */
  failure?: { stage: "migration" | "start"; why: string };
  /** How long each part took; missing for what was not reached. */
  seconds: { migration: number; start?: number; reverse?: number };
  /** How long the workload will answer nothing when it is updated. */
  forecast?: Forecast;
  /** What it said itself about the state, where it has a word on that. Nothing was decided by it. */
  ownForecasts?: OwnForecast[];
  /** What the new version did to the copy. */
  changes?: StateChanges;
  /** Whether the old version came up on what the new one has left. */
  wayBack?: { proved: boolean; why: string };
  /** What the copy was after the new version. */
  markers?: Markers;
}

/** One account of a gateway's channel: `slack/default`. */
export interface ChannelState {
  name: string;
  up: boolean;
  /** What is wrong when it is down. */
  failure?: string;
}

/**
 * A gateway's openclaw.json without any of its values: key path -> hash of its value, keyed by a secret of the stack.
 * Without `keys` there was none.
 */
export interface ConfigurationPrint {
  salt: string;
  /** Tells whether the same secret is used to compare. */
  secret: string;
  keys?: Record<string, string>;
}

/** What a workload had before its update, read while the old version served. */
export interface BaselineEntry {
  kind: "baseline";
  image: string;
  version?: string;
  /** How often Docker had restarted its container. */
  restarts: number;
  /** Only what a check compares with. */
  channels?: ChannelState[];
  sessions?: number;
  configuration?: ConfigurationPrint;
  /** How a turn of a model went, where a check asks for one. */
  turn?: { passed: boolean; detail: string };
  controlPlane?: ControlPlaneBaseline;
  /** What it answered to the ingress, by status, where one is in front: see ingress/forwarded.ts. */
  ingress?: { plain: number; forwarded: number };
}

/** A cut-over that got as far as the removal of the old container. */
export interface CutOverEntry {
  kind: "cut-over";
  from: string;
  to: string;
  /** `change`: to other settings of the same image. */
  direction: "forward" | "back" | "change" | "same";
  /** What differs of its settings, one phrase each. */
  changes?: string[];
  /** The cold or pre-restore snapshot. */
  snapshot: string;
  drained: { active: number; seconds: number; cut: number };
  /** Seconds that stopping took; `killed` when the grace was not enough. */
  stop: { seconds: number; killed: boolean };
  /** Of an adoption: the container of somebody else's that it went from, or back to. */
  stranger?: Displaced & { did: "left" | "returned" };
}

/** What a container is made with from here on; written before it is created. */
export interface SettingsEntry extends Made {
  kind: "settings";
  /** Written down of a container that was there before its settings went on record. */
  found?: true;
}

export interface RestoreEntry {
  kind: "restore";
  snapshot: string;
  image: string;
  reason: "state moved" | "requested";
  /** Of a requested one: the operator's name for it. An order is carried out once. */
  order?: string;
  /** Of one that nobody had planned: what was seen. */
  because?: string;
  /** Places of the state that the snapshot has nothing of: they stayed as they were. */
  left?: string[];
  /** Places that the snapshot has and that are no state any more: they were not restored. */
  unnamed?: string[];
  /** Paths that its snapshots leave out: they stayed as they were. How many, and the first of them. */
  stayed?: { count: number; first: string[] };
  seconds: number;
}

export interface GateEntry {
  kind: "gate";
  image: string;
  container: string;
  outcome: Outcome;
  checks: CheckResult[];
  /** Fingerprint of what was checked: other checks, other evidence. */
  checksHash: string;
  /** Of older records: newer ones are followed by what the state was seen to be. */
  markers?: Markers;
}

/** What a version has made of the state, read while it served: after the gate, and whenever it was seen to change. */
export interface StateEntry {
  kind: "state";
  image: string;
  container: string;
  markers: Markers;
}

export interface VerificationEntry {
  kind: "verification";
  /** The instance group that it was in: its canary is what proves an image for it. Missing for the control plane. */
  group?: string;
  image: string;
  container: string;
  /** Fingerprint of the settings that it shares with its group; missing in records of old. */
  settings?: string;
  outcome: Outcome;
  checks: CheckResult[];
  /** Fingerprint of what was checked: other checks, other evidence. */
  checksHash: string;
  seconds: number;
}

/** The verification kept up for a time, while the workload had its traffic. */
export interface BakeEntry {
  kind: "bake";
  image: string;
  container: string;
  outcome: Outcome;
  /** Why it ended: "30m passed", or what failed. */
  detail: string;
  checksHash: string;
  seconds: number;
  /** How often the checks ran. */
  rounds: number;
  /** What came through the ingress meanwhile; undefined where the workload has no ingress. */
  requests?: {
    served: number;
    /** The gateway did not answer. */
    failed: number;
    /** Other errors; missing in records of old, which count them as failed. */
    errors?: number;
  };
}

/** The control plane's image for new instances. */
export interface DefaultImageEntry {
  kind: "default-image";
  from: string | null;
  to: string;
}

/** The container was found stopped, paused or unhealthy and was brought back. */
export interface ServingEntry {
  kind: "serving";
  trigger: string;
  did: string;
}

/** The ingress began to hold a workload's requests, let them in again, or forgot the workload. */
export interface IngressEntry {
  kind: "ingress";
  did: "held" | "opened" | "removed";
  /** With `held`: why, and the time (ISO 8601) at which the hold ends by itself. */
  why?: string;
  until?: string;
  /**
   * With `opened`: WebSockets that the ingress cut, without a close frame (a client sees code 1006), and other requests
   * that it cut because they were under way longer than the drain. Missing when unknown.
   */
  cut?: { webSockets: number; requests: number };
  /** With `opened`: seconds that the workload was held. Missing when it was not held. */
  seconds?: number;
  /** With `opened`: requests that were waiting at that moment. Missing when unknown. */
  waiting?: number;
  /** With `opened`: the hold had ended by itself, and the ingress had answered 503 since. */
  overdue?: true;
}

/** An operator has decided that the failures of an image say nothing of it. */
export interface ForgivenEntry {
  kind: "forgiven";
  image: string;
  /** In the operator's words. */
  because: string;
}

/** A step that failed before anything was changed for good, and what was done about it. */
export interface FailureEntry {
  kind: "failure";
  step: string;
  message: string;
  image: string;
}

/** Where the records begin: with a first start, or, after they were lost, with what runs. */
export interface BegunEntry {
  kind: "begun";
  image: string;
  /** After a loss: the id of the container that ran. */
  container?: string;
  /** After a loss: why they begin anew, in the operator's words. */
  because?: string;
}

/** The records were damaged: what is before this one is what could be proved. */
export interface RepairedEntry {
  kind: "repaired";
  /** Name of the file beside this one that keeps the damaged records, and its SHA-256. */
  file: string;
  sha256: string;
  /** What was wrong with it. */
  what: string;
  /** Lines of it that count no longer. */
  lost: number;
  /** What nothing proves any more, one phrase each. */
  unproved: string[];
}

export type EvidenceEntry =
  | SnapshotEntry
  | DrillEntry
  | RehearsalEntry
  | MigrationEntry
  | BaselineEntry
  | CutOverEntry
  | SettingsEntry
  | RestoreEntry
  | GateEntry
  | StateEntry
  | VerificationEntry
  | BakeEntry
  | DefaultImageEntry
  | ServingEntry
  | ForgivenEntry
  | IngressEntry
  | FailureEntry
  | BegunEntry
  | RepairedEntry;

export type EvidenceRecord = EvidenceEntry & {
  stack: string;
  workload: string;
  sequence: number;
  /** ISO 8601, UTC. */
  time: string;
  /** SHA-256 of the line before. */
  previous: string;
};

/** A record as it was read: with the id of the trusted key that signed it, if one did. */
export type ReadRecord = EvidenceRecord & { signedBy?: string };
