import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import type { NamedKey } from "./envelope.ts";
import { EvidenceKeyError } from "./failure.ts";

/** As the configuration has it. */
export interface EvidenceKeySettings {
  /** File with an Ed25519 private key in PEM. */
  signingKey?: string | undefined;
  /** Base64 of SPKI. */
  trustedKeys: readonly string[];
}

/** The keys of a log, read when they are first needed. */
export class EvidenceKeys {
  readonly #settings: EvidenceKeySettings;
  #signing: NamedKey | undefined;

  constructor(settings: EvidenceKeySettings) {
    this.#settings = settings;
  }

  /** @throws EvidenceKeyError */
  get signing(): NamedKey | undefined {
    const { signingKey } = this.#settings;
    if (signingKey !== undefined) {
      this.#signing ??= named(readPrivateKey(signingKey));
    }
    return this.#signing;
  }

  /** Those whose records count: the given ones and the own one. */
  get trusted(): NamedKey[] {
    const own = this.signing;
    const given = this.#settings.trustedKeys.map((key) => named(publicKeyOf(key)));
    return own === undefined ? given : [...given, { id: own.id, key: createPublicKey(own.key) }];
  }
}

function named(key: KeyObject): NamedKey {
  return { id: createHash("sha256").update(spki(key)).digest("hex"), key };
}

function spki(key: KeyObject): Buffer {
  const publicKey = key.type === "public" ? key : createPublicKey(key);
  return publicKey.export({ type: "spki", format: "der" });
}

function publicKeyOf(text: string): KeyObject {
  return createPublicKey({ key: Buffer.from(text, "base64"), type: "spki", format: "der" });
}

function readPrivateKey(file: string): KeyObject {
  const remedy =
    "Make one with `openssl genpkey -algorithm ed25519 -out KEY` and `chmod 600 KEY`, and write its path to clawforce:evidence.signingKey.";
  let pem: string;
  try {
    if ((statSync(file).mode & 0o077) !== 0) {
      throw new EvidenceKeyError(
        `${file}, the key that signs evidence, can be read by others: whoever has it can forge evidence. Run \`chmod 600\` on it, and make a new one if it was ever elsewhere.`,
      );
    }
    pem = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof EvidenceKeyError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new EvidenceKeyError(`${file}, the key that signs evidence, cannot be read (${code}). ${remedy}`);
  }
  const key = parsedKey(pem);
  if (key?.asymmetricKeyType !== "ed25519") {
    throw new EvidenceKeyError(`${file} is no Ed25519 private key in PEM. ${remedy}`);
  }
  return key;
}

function parsedKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
