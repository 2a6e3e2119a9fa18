/** The steps of a workload's update, in their order. */
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
  "gate",
  "open",
  "verification",
] as const;

export type StepName = (typeof stepNames)[number];
