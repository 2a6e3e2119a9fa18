/**
 * The versions that have a lock file below openclaw/. 2026.4.22 is the one whose channels could not find their host's
 * package: an update that a gate lets through and a verification has to stop.
 */
export const openClawVersions = ["2026.4.15", "2026.4.22", "2026.4.23"] as const;

export type OpenClawVersion = (typeof openClawVersions)[number];
