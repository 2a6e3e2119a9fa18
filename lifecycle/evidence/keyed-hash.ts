import { createHmac, randomBytes } from "node:crypto";

/**
 * A record may tell whether a value is still the one of before, and must not tell what it was. A plain digest of a short
 * value is soon guessed, and equal values would show across records: so each record hashes with a random salt of its own,
 * which stands in it.
 */
export function newSalt(): string {
  return randomBytes(16).toString("hex");
}

/** 32 hex digits. The same for equal JSON, whatever the order of its keys. */
export function keyedHash(key: string | Buffer, value: unknown): string {
  const text = JSON.stringify(value, (_, each: unknown) => inOrder(each)) ?? "undefined";
  return createHmac("sha256", key).update(text).digest("hex").slice(0, 32);
}

function inOrder(value: unknown): unknown {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
}
