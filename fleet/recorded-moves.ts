import { sameDigest } from "../lifecycle/evidence/move.ts";
import type {
  BakeEntry,
  CutOverEntry,
  DrillEntry,
  EvidenceRecord,
  FailureEntry,
  GateEntry,
  IngressEntry,
  MigrationEntry,
  Outcome,
  RehearsalEntry,
  RestoreEntry,
  SnapshotEntry,
  VerificationEntry,
} from "../lifecycle/evidence/records.ts";

/** An entry with the time at which it went on record, ISO 8601. */
type Timed<Entry> = Entry & Pick<EvidenceRecord, "time">;

/** One change of one workload as it is on record: from its preparation to its last judgement. */
export interface RecordedMove {
  kind:
    | "first start"
    | "adoption"
    | "given up"
    | "update"
    | "change"
    | "back"
    | "recreated"
    | "prepared"
    | "brought back";
  /** ISO 8601: its first and its last record. */
  began: string;
  ended: string;
  /** Undefined on a first start. */
  from?: string;
  to: string;
  hot?: Timed<SnapshotEntry>;
  drill?: Timed<DrillEntry>;
  rehearsal?: Timed<RehearsalEntry>;
  /** Cold on the way forward, pre-restore on the way back. */
  stopped?: Timed<SnapshotEntry>;
  migration?: Timed<MigrationEntry>;
  cutOver?: Timed<CutOverEntry>;
  restore?: Timed<RestoreEntry>;
  /** When its requests came in again after a hold. */
  opened?: Timed<IngressEntry>;
  gate?: Timed<GateEntry>;
  verification?: Timed<VerificationEntry>;
  bake?: Timed<BakeEntry>;
  failure?: Timed<FailureEntry>;
  /** What was found stopped, paused or unhealthy, and what was done about it. */
  broughtBack: string[];
  verdict: Outcome;
}

type Draft = Omit<RecordedMove, "kind" | "verdict" | "to"> & { container?: string };

/** The moves of one workload, oldest first. */
export function recordedMoves(records: readonly EvidenceRecord[]): RecordedMove[] {
  const drafts: Draft[] = [];
  for (const record of records) {
    if (record.kind === "begun" || record.kind === "repaired" || record.kind === "forgiven") {
      // Of the records, not of what was done.
      continue;
    }
    if (
      record.kind === "baseline" ||
      record.kind === "state" ||
      record.kind === "settings" ||
      (record.kind === "ingress" && record.did === "held")
    ) {
      // Of a move whose other records say more.
      continue;
    }
    let draft = drafts.at(-1);
    // What is tried between two updates is no part of either.
    const isTrial = record.kind === "drill" || record.kind === "rehearsal";
    if (isTrial && (draft === undefined || isOver(draft))) continue;
    if (draft === undefined || opensAnother(draft, record)) {
      draft = { began: record.time, ended: record.time, broughtBack: [] };
      drafts.push(draft);
    }
    draft.ended = record.time;
    add(draft, record);
  }
  const known = new Set<string>();
  return drafts.map((draft) => {
    const move = completed(draft, known);
    known.add(move.to);
    return move;
  });
}

/** A move is over once it was judged or has failed; what was only prepared is gone on with. */
function opensAnother(draft: Draft, record: EvidenceRecord): boolean {
  const over = isOver(draft);
  switch (record.kind) {
    case "snapshot":
      return over || (draft.cutOver !== undefined && record.role !== "pre-restore");
    case "cut-over":
      return over || draft.cutOver !== undefined;
    case "gate":
    case "verification":
      return draft.container !== undefined && draft.container !== record.container;
    case "serving":
      // Every creation is followed by one that found nothing to do; it belongs to that creation.
      return over && record.did !== "serves";
    case "drill":
    case "rehearsal":
    case "migration":
    case "restore":
    case "ingress":
    case "failure":
    case "baseline":
    case "settings":
    case "bake":
    case "state":
    case "default-image":
    case "begun":
    case "repaired":
    case "forgiven":
      return false;
  }
}

function isOver(draft: Draft): boolean {
  const { failure, gate, verification } = draft;
  const ended = failure ?? gate ?? verification ?? refusedRehearsal(draft);
  return ended !== undefined;
}

function add(draft: Draft, record: EvidenceRecord): void {
  switch (record.kind) {
    case "snapshot":
      draft[record.role === "hot" ? "hot" : "stopped"] = record;
      break;
    case "drill":
      draft.drill = record;
      break;
    case "rehearsal":
      draft.rehearsal = record;
      break;
    case "migration":
      draft.migration = record;
      break;
    case "cut-over":
      draft.cutOver = record;
      break;
    case "restore":
      draft.restore = record;
      break;
    case "gate":
      draft.gate = record;
      draft.container = record.container;
      break;
    case "verification":
      draft.verification = record;
      draft.container = record.container;
      break;
    case "serving":
      if (record.did !== "serves") draft.broughtBack.push(record.did);
      break;
    case "failure":
      draft.failure = record;
      break;
    case "ingress":
      if (record.did === "opened") draft.opened = record;
      break;
    case "bake":
      draft.bake = record;
      break;
    case "baseline":
    case "state":
    case "settings":
    case "default-image":
    case "begun":
    case "repaired":
    case "forgiven":
      break;
  }
}

function completed({ container: _, ...draft }: Draft, known: ReadonlySet<string>): RecordedMove {
  const { cutOver, gate, verification, failure, hot, stopped } = draft;
  const refused = refusedRehearsal(draft);
  const judged = refused?.image ?? verification?.image ?? gate?.image;
  const to = cutOver?.to ?? failure?.image ?? judged ?? hot?.image ?? stopped?.image ?? "unknown";
  const from =
    cutOver?.from ?? refused?.from ?? (failure === undefined ? undefined : (stopped ?? hot)?.image);
  return {
    ...draft,
    ...(from && { from }),
    to,
    kind: kindOf(draft, from, to, known),
    verdict: verdictOf(draft),
  };
}

/** It ended there: nothing was stopped. */
function refusedRehearsal({ rehearsal }: Pick<Draft, "rehearsal">): Draft["rehearsal"] {
  return rehearsal?.outcome === "failed" ? rehearsal : undefined;
}

const kindOfCutOver = { forward: "update", change: "change", back: "back", same: "recreated" } as const;

function kindOf(
  draft: Draft,
  from: string | undefined,
  to: string,
  known: ReadonlySet<string>,
): RecordedMove["kind"] {
  const { cutOver, failure, gate, verification } = draft;
  if (cutOver !== undefined) {
    const { stranger, direction } = cutOver;
    if (stranger !== undefined) return stranger.did === "left" ? "adoption" : "given up";
    return kindOfCutOver[direction];
  }
  if (failure !== undefined || refusedRehearsal(draft) !== undefined) {
    return from !== undefined && sameDigest(from, to) ? "recreated" : "update";
  }
  if (gate === undefined && verification === undefined) {
    return draft.broughtBack.length > 0 ? "brought back" : "prepared";
  }
  return [...known].some((image) => sameDigest(image, to)) ? "brought back" : "first start";
}

/** Only a verification that has passed says "passed": nothing on record is no pass. */
function verdictOf(draft: Draft): Outcome {
  const { gate, verification, bake } = draft;
  if ((draft.failure ?? refusedRehearsal(draft)) !== undefined) return "failed";
  if (gate !== undefined && gate.outcome !== "passed") return gate.outcome;
  if (bake !== undefined && bake.outcome !== "passed") return bake.outcome;
  return verification?.outcome ?? "inconclusive";
}
