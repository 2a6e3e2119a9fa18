import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { breakpointsVariable, rehearsalClockVariable, windowClock } from "../../lifecycle/clock.ts";

const names = [rehearsalClockVariable, breakpointsVariable];

describe("the clock of the windows", () => {
  const before = names.map((name) => process.env[name]);

  const restore = (values: (string | undefined)[]) => {
    for (const [index, name] of names.entries()) {
      if (values[index] === undefined) delete process.env[name];
      else process.env[name] = values[index];
    }
  };

  beforeEach(() => restore([undefined, undefined]));
  afterEach(() => restore(before));

  test("is that of the rehearsal in staging", () => {
    process.env[rehearsalClockVariable] = "2030-01-02T03:04:05Z";
    expect(windowClock("staging").toISOString()).toBe("2030-01-02T03:04:05.000Z");
  });

  test("is no rehearsal's in production: the update is refused", () => {
    process.env[rehearsalClockVariable] = "2030-01-02T03:04:05Z";
    expect(() => windowClock("production")).toThrow(
      "CLAWFORCE_REHEARSAL_CLOCK is set, and clawforce:environment is production; nothing was touched. " +
        "That is for rehearsals alone: run `unset CLAWFORCE_REHEARSAL_CLOCK` and start again.",
    );
  });

  test("refuses the breakpoints of a rehearsal in production too", () => {
    process.env[breakpointsVariable] = "/tmp/b";
    expect(() => windowClock("production")).toThrow("CLAWFORCE_BREAKPOINTS is set");
    process.env[rehearsalClockVariable] = "2030-01-02T03:04:05Z";
    expect(() => windowClock("production")).toThrow(
      "CLAWFORCE_REHEARSAL_CLOCK and CLAWFORCE_BREAKPOINTS are set",
    );
  });

  test("refuses a time that is none", () => {
    process.env[rehearsalClockVariable] = "tomorrow";
    expect(() => windowClock("staging")).toThrow('CLAWFORCE_REHEARSAL_CLOCK is "tomorrow", which is no time');
  });

  test("runs in production without them", () => {
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-03-04T05:06:07Z") });
    expect(windowClock("production").toISOString()).toBe("2026-03-04T05:06:07.000Z");
    vi.useRealTimers();
  });
});
