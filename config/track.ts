export type Track = "control-plane" | "runtime";
