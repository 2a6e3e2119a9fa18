import type { StackConfig } from "../config/schema.ts";
import { OperationFailure } from "../platforms/failure.ts";

/** Set, it is the time of day (ISO 8601) for the rules about windows: a rehearsal need not wait for twelve hours. */
export const rehearsalClockVariable = "CLAWFORCE_REHEARSAL_CLOCK";
/** Names a folder in which a rehearsal says at which step of which workload a run waits: see step.ts. */
export const breakpointsVariable = "CLAWFORCE_BREAKPOINTS";

/** Now; in a rehearsal what its clock says. */
export function windowClock(environment: StackConfig["environment"]): Date {
  refuseRehearsal(environment !== "production");
  const text = process.env[rehearsalClockVariable];
  if (text === undefined || text === "") return new Date();
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) {
    throw new OperationFailure(
      `${rehearsalClockVariable} is ${JSON.stringify(text)}, which is no time; nothing was touched. Write it as in 2026-11-29T12:00:00Z, or unset it.`,
    );
  }
  return time;
}

/** What bends the rules of a rehearsal must not bend those of production, wherever the variable came from. */
export function refuseRehearsal(isAllowed: boolean): void {
  const found = [rehearsalClockVariable, breakpointsVariable].filter(
    (name) => (process.env[name] ?? "") !== "",
  );
  if (isAllowed || found.length === 0) return;
  throw new OperationFailure(
    `${found.join(" and ")} ${found.length === 1 ? "is" : "are"} set, and clawforce:environment is production; nothing was touched. ` +
      `That is for rehearsals alone: run \`unset ${found.join(" ")}\` and start again.`,
  );
}
