import { createHash } from "node:crypto";

/** A short digest of plain data, 16 hex digits: changes when the data does. */
export function fingerprint(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}
