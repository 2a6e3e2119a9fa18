import type { KeyObject } from "node:crypto";

/** Base64 of SPKI, as the configuration takes it. */
export function publicKeyText(key: KeyObject): string {
  return key.export({ type: "spki", format: "der" }).toString("base64");
}
