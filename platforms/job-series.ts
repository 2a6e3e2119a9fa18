import type { JobSeries, OpenSeries, Platform } from "./platform.ts";

/** A series of a platform that starts a job in no time: each of them by itself. */
export function oneByOne({ job: run }: Pick<Platform, "job">, series: JobSeries): OpenSeries {
  return { run: (job) => run({ ...series, ...job }), close: async () => {} };
}
