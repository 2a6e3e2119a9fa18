import { fieldAt } from "../config/json.ts";

/**
 * The credentials in a restored state that may be older than what their servers know. Only names are taken from the
 * gateway's configuration, never a value.
 */
export function rotationLines(openclawConfig: unknown): string[] {
  const channels = namesAt(openclawConfig, ["channels"]);
  const profiles = namesAt(openclawConfig, ["auth", "profiles"]);
  return [
    channels.length > 0
      ? `channel logins: ${channels.join(", ")} (WhatsApp sessions, bot tokens that were rotated since)`
      : "channel logins (WhatsApp sessions, bot tokens that were rotated since)",
    profiles.length > 0
      ? `model providers and tools: ${profiles.join(", ")} (OAuth refresh tokens)`
      : "OAuth refresh tokens of model providers and tools",
    "paired devices and nodes",
    "the gateway's own token is the stack's secret, as before; rotate every token that a snapshot may have leaked",
  ];
}

/** The same for the data of a control plane. */
export const controlPlaneRotation: readonly string[] = [
  "everyone has to log in again: sessions are kept in memory",
  "passwords and API tokens that were changed since are the old ones again",
  "SSH keys of the instances: each has to be reachable from the control plane still",
  "agent images and settings that were set since: compare them with what runs (`fleet status`)",
];

function namesAt(value: unknown, path: readonly string[]): string[] {
  const found = fieldAt(value, path);
  return typeof found === "object" && found !== null && !Array.isArray(found) ? Object.keys(found) : [];
}
