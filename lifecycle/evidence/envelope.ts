import { type KeyObject, sign, verify } from "node:crypto";
import { parsedJson } from "../../config/json.ts";

/** DSSE: what was signed, and by whom. */
export interface Envelope {
  payloadType: string;
  /** Base64. */
  payload: string;
  signatures: { keyid: string; sig: string }[];
}

/** in-toto Statement, version 1. */
export interface Statement {
  _type: "https://in-toto.io/Statement/v1";
  subject: { name: string; digest: { sha256: string } }[];
  predicateType: string;
  predicate: unknown;
}

export interface NamedKey {
  /** SHA-256 of the public key's SPKI, hex. */
  id: string;
  key: KeyObject;
}

const payloadType = "application/vnd.in-toto+json";
export const statementType = "https://in-toto.io/Statement/v1";

/** Without a key the envelope says so: it has no signature. */
export function seal(statement: Statement, key: NamedKey | undefined): Envelope {
  const payload = Buffer.from(JSON.stringify(statement));
  const signatures =
    key === undefined
      ? []
      : [
          {
            keyid: key.id,
            sig: sign(null, preAuthenticationEncoding(payload), key.key).toString("base64"),
          },
        ];
  return { payloadType, payload: payload.toString("base64"), signatures };
}

/** `untrusted`: signed, but by no key that counts here. `wrong`: a key that counts did not sign this. */
export type Signature = { by: string } | "none" | "untrusted" | "wrong";

/**
 * Opens an envelope. The key is looked up among the trusted ones by its id: what the envelope says of itself proves
 * nothing. Undefined when it is no envelope of a statement.
 */
export function unseal(
  value: unknown,
  trusted: readonly NamedKey[],
): { envelope: Envelope; statement: Statement; signature: Signature } | undefined {
  if (!isEnvelope(value)) return undefined;
  const payload = Buffer.from(value.payload, "base64");
  const statement = parsedJson(payload.toString("utf8"));
  if (!isStatement(statement)) return undefined;
  return { envelope: value, statement, signature: judge(value, payload, trusted) };
}

function judge(envelope: Envelope, payload: Buffer, trusted: readonly NamedKey[]): Signature {
  if (envelope.signatures.length === 0) return "none";
  let known = false;
  for (const { keyid, sig } of envelope.signatures) {
    const key = trusted.find(({ id }) => id === keyid);
    if (key === undefined) continue;
    known = true;
    if (verify(null, preAuthenticationEncoding(payload), key.key, Buffer.from(sig, "base64"))) {
      return { by: keyid };
    }
  }
  return known ? "wrong" : "untrusted";
}

/** DSSE's PAE: type and payload with their lengths, so that neither can be taken for part of the other. */
function preAuthenticationEncoding(payload: Buffer): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

function isEnvelope(value: unknown): value is Envelope {
  if (typeof value !== "object" || value === null) return false;
  const { payloadType: type, payload, signatures } = value as Partial<Envelope>;
  return (
    type === payloadType &&
    typeof payload === "string" &&
    Array.isArray(signatures) &&
    signatures.every((each) => typeof each?.keyid === "string" && typeof each.sig === "string")
  );
}

function isStatement(value: unknown): value is Statement {
  return typeof value === "object" && value !== null && (value as Statement)._type === statementType;
}
