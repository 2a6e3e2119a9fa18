/**
 * The versions that have a lock file below openclaw/, in series: the versions of one share a layer, and are made together.
 * 2026.4.22 is the one whose channels could not find their host's package: an update that a gate lets through and a
 * verification has to stop. From 2026.9.1 to 2026.9.4 a state that has sessions needs a migration.
 */
const series = [
  ["2026.4.15", "2026.4.22", "2026.4.23"],
  ["2026.9.1", "2026.9.4"],
  ["2026.6.11", "2026.7.1-2", "2026.9.6"],
] as const;

export type OpenClawVersion = (typeof series)[number][number];

export const allVersions: readonly OpenClawVersion[] = series.flat();

/** A pair of which the second does not start on a state of the first until that is brought over. */
export const migratingPair = series[1];

/** The versions that share a layer with this one, and itself. */
export function seriesOf(version: OpenClawVersion): readonly OpenClawVersion[] {
  return series.find((each) => (each as readonly string[]).includes(version)) as readonly OpenClawVersion[];
}
