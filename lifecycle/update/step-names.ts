/** The steps of a workload's update, in their order. `create` is the engine's own, where its provider starts a unit. */
export const stepNames = [
  "preflight",
  "pull",
  "hot snapshot",
  "drill",
  "rehearsal",
  "hold",
  "drain",
  "stop",
  "cold snapshot",
  "check",
  "migration",
  "restore",
  "create",
  "gate",
  "open",
  "verification",
] as const;

export type StepName = (typeof stepNames)[number];
