/** The steps of a workload's update, in their order. */
export const stepNames = [
  "preflight",
  "pull",
  "hot snapshot",
  "drill",
  "hold",
  "drain",
  "stop",
  "cold snapshot",
  "check",
  "restore",
  "gate",
  "open",
  "verification",
] as const;

export type StepName = (typeof stepNames)[number];
