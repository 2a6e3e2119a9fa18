import { createHash, generateKeyPairSync, type KeyObject } from "node:crypto";
import { type Envelope, seal } from "../../lifecycle/evidence/envelope.ts";
import type { EvidenceEntry, EvidenceRecord } from "../../lifecycle/evidence/records.ts";
import { statementOf } from "../../lifecycle/evidence/statement.ts";
import { publicKeyText } from "../support/public-key.ts";

/** A key pair of a test. */
export interface TestKey {
  key: KeyObject;
  id: string;
  /** As a policy's `trustedKeys` takes it. */
  text: string;
}

export function testKey(): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const id = createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("hex");
  return { key: privateKey, id, text: publicKeyText(publicKey) };
}

/** Where records stand in the log: whose they are, and when the first of them was written. */
export interface Log {
  workload: string;
  stack?: string;
  /** Time of the first one, ISO 8601; each next one is a minute later. */
  start?: string;
  /** Sequence of the first one. */
  first?: number;
  /** From the number of one record to that of the next; default 1, as the log itself has it. */
  step?: number;
}

/** The envelopes of records as the program's own log has them: chained, and signed when there is a key. */
export function envelopes(
  log: Log,
  key: TestKey | undefined,
  ...entries: readonly EvidenceEntry[]
): Envelope[] {
  const { workload, stack = "prod", start = "2026-11-20T12:00:00.000Z", first = 1, step = 1 } = log;
  let previous = "0".repeat(64);
  return entries.map((entry, index) => {
    const time = new Date(Date.parse(start) + index * 60_000).toISOString();
    const record = {
      ...entry,
      stack,
      workload,
      sequence: first + index * step,
      time,
      previous,
    } as EvidenceRecord;
    const envelope = seal(statementOf(record), key);
    previous = createHash("sha256").update(JSON.stringify(envelope)).digest("hex");
    return envelope;
  });
}

/** The same envelope around another statement, with the signature that it had. */
export function altered(envelope: Envelope, change: (statement: string) => string): Envelope {
  const statement = Buffer.from(envelope.payload, "base64").toString("utf8");
  return { ...envelope, payload: Buffer.from(change(statement)).toString("base64") };
}
