import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import { isObject, read } from "./guarded-read.ts";
import { parsedJson } from "./json.ts";
import { quoted } from "./verdict.ts";

/** A key whose signatures count, given to the policies by those who run them. */
export interface TrustedKey {
  /** SHA-256 of its SPKI, hex. */
  id: string;
  key: KeyObject;
}

/** For the setting `trustedKeys` of a rule. */
export const trustedKeysSchema = {
  type: "array" as const,
  items: { type: "string" as const, minLength: 1 },
  description:
    "Ed25519 public keys whose signatures count, each as base64 of its SPKI: `openssl pkey -in KEY -pubout -outform DER | base64 -w0`",
  default: [] as string[],
};

/** @returns the keys, and what is wrong with each text that is none. */
export function readTrustedKeys(texts: readonly string[]): {
  keys: TrustedKey[];
  problems: { path: string; what: string }[];
} {
  const keys: TrustedKey[] = [];
  const problems: { path: string; what: string }[] = [];
  for (const [index, text] of texts.entries()) {
    const key = publicKey(text);
    if (key === undefined)
      problems.push({
        path: `trustedKeys[${index}]`,
        what: "it is no Ed25519 public key in base64 of its SPKI",
      });
    else keys.push({ id: sha256(key.export({ type: "spki", format: "der" })), key });
  }
  return { keys, problems };
}

function publicKey(text: string): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(text, "base64"), type: "spki", format: "der" });
    return key.asymmetricKeyType === "ed25519" ? key : undefined;
  } catch {
    return undefined;
  }
}

/**
 * `signed`: by a key that counts. `untrusted`: by none that counts. `wrong`: it names a key that counts, which did not
 * sign it.
 */
export type Trust = "signed" | "unsigned" | "untrusted" | "wrong";

/** What rules read of a record. Empty text and 0 where it says nothing of the kind. */
export interface JudgedRecord {
  kind: string;
  stack: string;
  workload: string;
  sequence: number;
  /** Milliseconds since 1970. */
  time: number;
  /** As the record has it, for messages. */
  at: string;
  /** The image that it speaks of; of a cut-over the one that it leads to. */
  image: string;
  /** Of a cut-over: the image that was left. Of a rehearsal: the one that ran. */
  from: string;
  direction: string;
  container: string;
  outcome: string;
  checksHash: string;
  seconds: number;
  served: number;
  snapshot: string;
  /** Of a verification: fingerprint of the settings that the workload shared with its group. */
  settings: string;
  /** The instance group that the workload was in. */
  group: string;
  trust: Trust;
}

export interface ReadEvidence {
  /** Oldest first, as they were given. */
  records: readonly JudgedRecord[];
  /** What is wrong with an envelope, by its place among the given ones. */
  problems: readonly { index: number; what: string }[];
}

/** Whose records they have to be. */
export interface EvidenceOwner {
  stack: string;
  workload: string;
}

const payloadType = "application/vnd.in-toto+json";
const statementType = "https://in-toto.io/Statement/v1";
const predicateType = "urn:clawforce:fleet:evidence:v1";

/**
 * Opens envelopes and verifies each with the trusted keys alone: what an envelope says of its key proves nothing. A record
 * of another workload, of another image than its statement's subject, or out of order is a problem and no record.
 */
export function readEvidence(
  envelopes: readonly unknown[],
  owner: EvidenceOwner,
  keys: readonly TrustedKey[],
): ReadEvidence {
  const known = openedWith(keys);
  const records: JudgedRecord[] = [];
  const problems: { index: number; what: string }[] = [];
  let last: { sequence: number; line: string } | undefined;
  for (const [index, value] of envelopes.entries()) {
    const opened = openedOnce(value, keys, known);
    const what =
      typeof opened === "string"
        ? opened
        : (ownerProblem(opened.record, owner) ?? orderProblem(opened, last));
    if (typeof opened === "string" || what !== undefined) {
      problems.push({ index, what: what ?? "is no record" });
      continue;
    }
    records.push(opened.record);
    last = { sequence: opened.record.sequence, line: opened.line };
  }
  return { records, problems };
}

/** By the line of an envelope in its log. */
type OpenedLines = Map<string, Opened | string>;

/** By the trusted keys. Several rules, most of them with the same keys, ask for the same envelopes. */
const openedBy = new Map<string, OpenedLines>();

function openedWith(keys: readonly TrustedKey[]): OpenedLines {
  const ids = keys.map(({ id }) => id).join(" ");
  const opened = openedBy.get(ids) ?? new Map();
  openedBy.set(ids, opened);
  return opened;
}

interface Opened {
  record: JudgedRecord;
  /** Hash of the line before it, as the record has it. */
  previous: string;
  /** The envelope as it stands in the log. */
  line: string;
}

function openedOnce(value: unknown, keys: readonly TrustedKey[], known: OpenedLines): Opened | string {
  const envelope = envelopeOf(value);
  if (envelope === undefined) return "is no DSSE envelope";
  const line = JSON.stringify(envelope);
  const opened = known.get(line) ?? openedEnvelope(envelope, line, keys);
  known.set(line, opened);
  return opened;
}

/** @returns a text when it is no record: what is wrong with it. */
function openedEnvelope(envelope: Envelope, line: string, keys: readonly TrustedKey[]): Opened | string {
  const payload = Buffer.from(envelope.payload, "base64");
  const statement = parsedJson(payload.toString("utf8"));
  if (!isObject(statement) || read(statement, "_type") !== statementType) return "holds no in-toto statement";
  const predicate = read(statement, "predicate");
  if (read(statement, "predicateType") !== predicateType || !isObject(predicate)) {
    return "holds no record of a fleet";
  }
  const record = recordOf(predicate, trustOf(envelope, payload, keys));
  if (record === undefined) return "holds a record without kind, workload, sequence or time";
  const subject = subjectDigest(statement);
  const digest = digestOfImage(record.image);
  if (digest !== undefined && subject !== digest) {
    return `has the subject ${quoted(subject ?? "")} and speaks of another image`;
  }
  return { record, previous: text(predicate, "previous"), line };
}

/** What a line of a log says of itself, verified by nothing. */
export interface Glance {
  envelope: object;
  line: string;
  previous: string;
  record: JudgedRecord;
}

/** Looks into an envelope without asking who has signed it; undefined when it is no record. */
export function glanceAt(envelope: unknown): Glance | undefined {
  const opened = openedOnce(envelope, [], new Map());
  return typeof opened === "string" || !isObject(envelope) ? undefined : { envelope, ...opened };
}

interface Envelope {
  payloadType: string;
  payload: string;
  signatures: { keyid: string; sig: string }[];
}

/** In the order of its log, which the hash of the next record covers. */
function envelopeOf(value: unknown): Envelope | undefined {
  if (!isObject(value) || read(value, "payloadType") !== payloadType) return undefined;
  const payload = read(value, "payload");
  const listed = read(value, "signatures");
  if (typeof payload !== "string" || !Array.isArray(listed)) return undefined;
  const signatures = Array.from({ length: listed.length }, (_, index) => read(listed, index)).map((each) => ({
    keyid: isObject(each) ? read(each, "keyid") : undefined,
    sig: isObject(each) ? read(each, "sig") : undefined,
  }));
  return signatures.every(isSignature) ? { payloadType, payload, signatures } : undefined;
}

function isSignature(value: { keyid: unknown; sig: unknown }): value is { keyid: string; sig: string } {
  return typeof value.keyid === "string" && typeof value.sig === "string";
}

function trustOf({ signatures }: Envelope, payload: Buffer, keys: readonly TrustedKey[]): Trust {
  if (signatures.length === 0) return "unsigned";
  let trust: Trust = "untrusted";
  for (const { keyid, sig } of signatures) {
    const key = keys.find(({ id }) => id === keyid);
    if (key === undefined) continue;
    if (verify(null, preAuthenticationEncoding(payload), key.key, Buffer.from(sig, "base64")))
      return "signed";
    trust = "wrong";
  }
  return trust;
}

/** DSSE's PAE: type and payload with their lengths, so that neither can be taken for part of the other. */
function preAuthenticationEncoding(payload: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `),
    payload,
  ]);
}

function recordOf(predicate: object, trust: Trust): JudgedRecord | undefined {
  const [kind, at] = [text(predicate, "kind"), text(predicate, "time")];
  const [stack, workload] = [text(predicate, "stack"), text(predicate, "workload")];
  const sequence = read(predicate, "sequence");
  const time = Date.parse(at);
  if (kind === "" || workload === "" || typeof sequence !== "number" || Number.isNaN(time)) return undefined;
  const requests = read(predicate, "requests");
  return {
    ...{ kind, stack, workload, sequence, time, at, trust },
    image: text(predicate, kind === "cut-over" ? "to" : "image"),
    from: kind === "cut-over" || kind === "rehearsal" ? text(predicate, "from") : "",
    direction: text(predicate, "direction"),
    container: text(predicate, "container"),
    outcome: text(predicate, "outcome"),
    checksHash: text(predicate, "checksHash"),
    seconds: number(predicate, "seconds"),
    served: isObject(requests) ? number(requests, "served") : 0,
    snapshot: text(predicate, "snapshot"),
    settings: kind === "verification" ? text(predicate, "settings") : "",
    group: text(predicate, "group"),
  };
}

function text(from: object, key: string): string {
  const value = read(from, key);
  return typeof value === "string" ? value : "";
}

function number(from: object, key: string): number {
  const value = read(from, key);
  return typeof value === "number" ? value : 0;
}

/** Of the only subject; undefined when there is not exactly one. */
function subjectDigest(statement: object): string | undefined {
  const subjects = read(statement, "subject");
  if (!Array.isArray(subjects) || subjects.length !== 1) return undefined;
  const subject: unknown = read(subjects, 0);
  const digest = isObject(subject) ? read(subject, "digest") : undefined;
  return isObject(digest) ? text(digest, "sha256") : undefined;
}

function digestOfImage(image: string): string | undefined {
  const at = image.lastIndexOf("@sha256:");
  return at < 0 ? undefined : image.slice(at + "@sha256:".length);
}

function ownerProblem(record: JudgedRecord, owner: EvidenceOwner): string | undefined {
  const { stack, workload } = record;
  return stack === owner.stack && workload === owner.workload
    ? undefined
    : `is a record of ${quoted(workload)} in the stack ${quoted(stack)}`;
}

/** Records between two of them may be missing, but none may be there twice, and neighbours have to be chained. */
function orderProblem(
  { record, previous }: Opened,
  last: { sequence: number; line: string } | undefined,
): string | undefined {
  if (last === undefined || record.sequence > last.sequence + 1) return undefined;
  return record.sequence === last.sequence + 1 && previous === sha256(last.line)
    ? undefined
    : "does not follow the one before it";
}

function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}
