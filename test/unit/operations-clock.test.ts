import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
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
    expect(windowClock("production").getTime()).toBeGreaterThan(Date.parse("2026-01-01"));
  });
});

/** A program as a hook starts it. It ends before it looks for its Docker host. */
function program(workload: Record<string, unknown>, environment: Record<string, string>) {
  const file = fileURLToPath(new URL("../../operations/cut-over.ts", import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [file], {
    encoding: "utf8",
    input: JSON.stringify({
      workload: { name: "a", dockerHost: "unix:///nowhere.sock", evidenceDirectory: "/nowhere", ...workload },
    }),
    env: {
      PATH: process.env.PATH,
      CLAWFORCE_SNAPSHOT_PASSWORD: "x",
      CLAWFORCE_GATEWAY_TOKEN: "x",
      ...environment,
    },
  });
  return { status, stderr };
}

test.each(names)("a program for a production workload touches nothing where %s is set", (name) => {
  const { status, stderr } = program({}, { [name]: "/tmp/x" });
  expect(status).toBe(1);
  expect(stderr).toMatch(new RegExp(`^${name} is set, and clawforce:environment is production`));
  expect(stderr.trim().split("\n")).toHaveLength(1);
});

test("a program for another one goes on, to its Docker host", () => {
  const { stderr } = program(
    { rehearsal: true, stack: "s", evidenceKeys: { trustedKeys: [] } },
    { CLAWFORCE_BREAKPOINTS: "/tmp/x" },
  );
  expect(stderr).toContain("The Docker host unix:///nowhere.sock does not answer");
});
