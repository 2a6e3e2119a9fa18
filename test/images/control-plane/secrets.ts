import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** Fernet, the real program's way to keep a secret: AES-128-CBC, signed with HMAC-SHA256. */
export function newKey(): string {
  return urlSafe(randomBytes(32));
}

export function encrypted(key: string, plain: string): string {
  const { signing, ciphering } = halvesOf(key);
  const vector = randomBytes(16);
  const cipher = createCipheriv("aes-128-cbc", ciphering, vector);
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000)));
  const body = Buffer.concat([
    Buffer.from([0x80]),
    time,
    vector,
    cipher.update(plain, "utf8"),
    cipher.final(),
  ]);
  return urlSafe(Buffer.concat([body, createHmac("sha256", signing).update(body).digest()]));
}

/** Undefined for what another key has encrypted. */
export function decrypted(key: string, token: string): string | undefined {
  const { signing, ciphering } = halvesOf(key);
  const bytes = Buffer.from(token, "base64url");
  if (bytes.length < 73) return undefined;
  const body = bytes.subarray(0, -32);
  const seal = createHmac("sha256", signing).update(body).digest();
  if (!timingSafeEqual(seal, bytes.subarray(-32))) return undefined;
  const decipher = createDecipheriv("aes-128-cbc", ciphering, body.subarray(9, 25));
  return Buffer.concat([decipher.update(body.subarray(25)), decipher.final()]).toString("utf8");
}

/** Its last four characters behind four stars; nothing for nothing. */
export function masked(plain: string): string {
  return plain === "" ? "" : `****${plain.length > 4 ? plain.slice(-4) : ""}`;
}

function halvesOf(key: string): { signing: Buffer; ciphering: Buffer } {
  const bytes = Buffer.from(key, "base64url");
  return { signing: bytes.subarray(0, 16), ciphering: bytes.subarray(16) };
}

function urlSafe(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}
