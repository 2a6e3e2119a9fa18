/** The versions that have a lock file below openclaw/: the demo updates from the first to the second. */
export const openClawVersions = ["2026.4.15", "2026.4.23"] as const;

export type OpenClawVersion = (typeof openClawVersions)[number];
