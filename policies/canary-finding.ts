import type { Finding } from "./rule.ts";

/** What can be wrong with a rollout that runs ahead of its canary. */
export const canaryKinds = [
  "unknown",
  "malformed",
  "badEvidence",
  "leftOut",
  "logNotRead",
  "unconfirmed",
  "misplaced",
  "noCanary",
  "badWaves",
  "imitation",
  "differs",
  "disordered",
  "unproven",
  "revoked",
  "notBaked",
  "stale",
  "unsigned",
  "notRehearsed",
  "moved",
  "unknownRelease",
  "goingBack",
  "firstStart",
] as const;

export type CanaryFinding = Finding<(typeof canaryKinds)[number]>;
