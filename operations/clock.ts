/** Set, it is the time of day (ISO 8601) for the rules about windows: a rehearsal need not wait for twelve hours. */
export const rehearsalClockVariable = "CLAWFORCE_REHEARSAL_CLOCK";

/** Now; in a rehearsal what its clock says. */
export function windowClock(): Date {
  const text = process.env[rehearsalClockVariable];
  return text === undefined || text === "" ? new Date() : new Date(text);
}
