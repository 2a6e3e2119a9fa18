/** Milliseconds since 1970: a file of tests that would begin later is left out, and named by the run. */
export const lastBeginVariable = "CLAWFORCE_TEST_LAST_BEGIN";

/** Minutes after its begin in which a run that a machine ends at some time may begin a file of tests. */
const minutes = 45;

/**
 * A machine that others use as well can take five times as long. A run that is ended by the clock (`CI`) is to end by
 * itself before that, with what it has found; any other one takes its time: undefined.
 */
export function lastBegin(began: number, environment: NodeJS.ProcessEnv): string | undefined {
  return environment.CI === undefined || environment.CI === "" ? undefined : String(began + minutes * 60_000);
}
