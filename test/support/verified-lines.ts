import { createHash, type KeyObject, verify } from "node:crypto";

/** A line of evidence as somebody reads it who has the public key and none of our code. */
export interface VerifiedLine {
  subject: { name: string; digest: { sha256: string } }[];
  predicate: { kind: string; workload: string; sequence: number; previous: string } & Record<string, unknown>;
}

/** By the documents of DSSE and in-toto alone. Throws at the first line that the key has not signed. */
export function verifiedLines(text: string, publicKey: KeyObject): VerifiedLine[] {
  let previous = "0".repeat(64);
  return text
    .trimEnd()
    .split("\n")
    .map((line, index) => {
      const opened = verifiedEnvelope(JSON.parse(line), publicKey);
      const { sequence, previous: named } = opened.predicate;
      if (sequence !== index + 1 || named !== previous) {
        throw new Error(`line ${index + 1} does not follow the one before it`);
      }
      previous = createHash("sha256").update(line).digest("hex");
      return opened;
    });
}

export function verifiedEnvelope(
  envelope: { payloadType: string; payload: string; signatures: { keyid: string; sig: string }[] },
  publicKey: KeyObject,
): VerifiedLine {
  const payload = Buffer.from(envelope.payload, "base64");
  const type = "application/vnd.in-toto+json";
  const signed = Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload]);
  const keyid = createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("hex");
  const [signature, ...more] = envelope.signatures;
  if (
    envelope.payloadType !== type ||
    more.length > 0 ||
    signature?.keyid !== keyid ||
    !verify(null, signed, publicKey, Buffer.from(signature.sig, "base64"))
  ) {
    throw new Error(`not signed by ${keyid}: ${JSON.stringify(envelope)}`);
  }
  const statement = JSON.parse(payload.toString("utf8")) as VerifiedLine & Record<string, unknown>;
  if (statement._type !== "https://in-toto.io/Statement/v1") {
    throw new Error(`no statement: ${payload}`);
  }
  return statement;
}
