import { createHmac, timingSafeEqual } from "node:crypto";

/** How a Fernet token begins: its version, and a time of this era. */
export const fernetPattern = "gAAAAA*";

/**
 * Whether a token was encrypted with this key. Its seal (HMAC-SHA256 over all of it) is made with one half of the key and
 * its cipher with the other, so a seal that holds says that it decrypts, and nothing has to be decrypted to know.
 */
export function opens(key: string, token: string): boolean {
  const secret = Buffer.from(key, "base64url");
  const bytes = Buffer.from(token, "base64url");
  // Version, time, vector, one block, seal.
  if (secret.length !== 32 || bytes.length < 1 + 8 + 16 + 16 + 32 || bytes[0] !== 0x80) {
    return false;
  }
  const seal = createHmac("sha256", secret.subarray(0, 16)).update(bytes.subarray(0, -32)).digest();
  return timingSafeEqual(seal, bytes.subarray(-32));
}
