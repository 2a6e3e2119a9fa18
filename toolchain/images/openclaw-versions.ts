/**
 * The versions that have a lock file below openclaw/, in series: the versions of one share a layer, and are made together.
 * 2026.4.22 is the one whose channels could not find their host's package: an update that a gate lets through and a
 * verification has to stop. From 2026.9.1 to 2026.9.4 a state that has sessions needs a migration.
 */
const ordinary = [["2026.4.15", "2026.4.22", "2026.4.23"]] as const;

/** Only for tests that ask for them, see test/support/parts.ts. */
const onDemand = [
  ["2026.9.1", "2026.9.4"],
  ["2026.6.11", "2026.7.1-2", "2026.9.6"],
] as const;

const series = [...ordinary, ...onDemand] as const;

/** What `npm start` and `npm test` make. */
export const ordinaryVersions = ordinary.flat();
export type OrdinaryVersion = (typeof ordinary)[number][number];

/** What the matrix of all versions needs beside them. */
export const onDemandVersions = onDemand.flat();

/** A pair of which the second does not start on a state of the first until that is brought over. */
export const migratingPair = onDemand[0];

export type OpenClawVersion = (typeof series)[number][number];

/** The versions that share a layer with this one, and itself. */
export function seriesOf(version: OpenClawVersion): readonly OpenClawVersion[] {
  return series.find((each) => (each as readonly string[]).includes(version)) as readonly OpenClawVersion[];
}
