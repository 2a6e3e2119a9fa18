/** A volume that is new belongs to root: without it a user of its own could not write there. */
export function fileGroup(group: number): { fsGroup: number; fsGroupChangePolicy: "OnRootMismatch" } {
  return { fsGroup: group, fsGroupChangePolicy: "OnRootMismatch" };
}

/** Probes count in whole seconds, from one on. */
export function wholeSeconds(seconds: number): number {
  return Math.max(1, Math.round(seconds));
}
