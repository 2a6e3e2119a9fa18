import { describe, expect, it } from "vitest";
import { fieldAt } from "../../config/json.ts";
import {
  afterAttempt,
  allOf,
  failed,
  nothing,
  outcomeOf,
  passed,
  verdictOf,
} from "../../lifecycle/checks/judge.ts";
import { judgeCommand } from "../../lifecycle/checks/kinds/command.ts";
import { judgeHttp } from "../../lifecycle/checks/kinds/http.ts";
import { judgeVersion } from "../../lifecycle/checks/kinds/version.ts";
import type { CheckResult, Outcome } from "../../lifecycle/evidence/records.ts";

const ready = { status: 200, body: { ready: true } };

describe("judgeHttp", () => {
  it.each([
    ["the body says so", { status: 200, body: '{"ready":true}' }, { passed: true, detail: "ready=true" }],
    [
      "the status is right and the body is not",
      { status: 200, body: '{"ready":false}' },
      { passed: false, detail: "ready is false instead of true" },
    ],
    [
      "the body is another page",
      { status: 200, body: "<html>\n ok</html>" },
      { passed: false, detail: "HTTP 200, but the body is not JSON: <html> ok</html>" },
    ],
    [
      "the status is wrong",
      { status: 503, body: '{"ready":true}' },
      { passed: false, detail: 'HTTP 503 instead of 200: {"ready":true}' },
    ],
    [
      "the field is missing",
      { status: 200, body: "{}" },
      { passed: false, detail: "ready is undefined instead of true" },
    ],
  ])("when %s", (_when, answer, expected) => {
    expect(judgeHttp(ready, answer)).toEqual(expected);
  });
});

describe("fieldAt", () => {
  it("follows own keys only", () => {
    expect(fieldAt({ a: { b: 1 } }, "a.b")).toBe(1);
    expect(fieldAt({}, "constructor")).toBeUndefined();
    expect(fieldAt(null, "a")).toBeUndefined();
  });
});

describe("judgeVersion", () => {
  const said = (stdout: string, exitCode = 0) => ({ exitCode, stdout, stderr: "" });
  it("demands the version as a whole word", () => {
    expect(judgeVersion("2026.4.23", said("OpenClaw 2026.4.23 (a979721)\n")).passed).toBe(true);
    expect(judgeVersion("2026.4.2", said("OpenClaw 2026.4.23 (a979721)\n"))).toEqual({
      passed: false,
      detail: 'says "OpenClaw 2026.4.23 (a979721)" instead of 2026.4.2',
    });
  });
  it("does not pass on an exit code other than 0, whatever is said", () => {
    expect(judgeVersion("1", said("1", 1))).toEqual({ passed: false, detail: "exit code 1: 1" });
  });
});

describe("judgeCommand", () => {
  it("judges the exit code and the output, not one of them", () => {
    const wanted = { exitCode: 0, output: '"ok":\\s*true' };
    expect(judgeCommand(wanted, { exitCode: 0, stdout: '{"ok": true}', stderr: "" }).passed).toBe(true);
    expect(judgeCommand(wanted, { exitCode: 0, stdout: "Gateway not reachable", stderr: "" })).toEqual({
      passed: false,
      detail: 'the output does not match /"ok":\\s*true/: Gateway not reachable',
    });
    expect(judgeCommand(wanted, { exitCode: 1, stdout: '{"ok": true}', stderr: "no" })).toEqual({
      passed: false,
      detail: "exit code 1 instead of 0: no",
    });
  });
});

describe("several looks of one check", () => {
  const [good, bad, none] = [passed("a"), failed("b"), nothing("c")];
  it.each([
    ["pass together", [good, good], "passed", "a; a"],
    ["fail with one of them", [none, bad, good], "failed", "c; b; a"],
    ["come to no result with one that had nothing to look at", [good, none], "inconclusive", "a; c"],
  ] as const)("%s", (_what, attempts, outcome, detail) => {
    expect(outcomeOf(allOf(attempts))).toBe(outcome);
    expect(allOf(attempts).detail).toBe(detail);
  });
});

describe("afterAttempt", () => {
  const broken = { outcome: "failed", detail: "slack/default does not run" } as const;
  const late = { outcome: "inconclusive", detail: "did not end within 1 s." } as const;
  const well = { outcome: "passed", detail: "slack/default" } as const;
  it("keeps what was seen when a later attempt runs out of time, and takes every later result", () => {
    expect(afterAttempt(undefined, late)).toBe(late);
    expect(afterAttempt(broken, late)).toBe(broken);
    expect(afterAttempt(late, broken)).toBe(broken);
    expect(afterAttempt(broken, well)).toBe(well);
  });
});

describe("verdictOf", () => {
  const result = (outcome: Outcome, severity: "critical" | "warning" = "critical"): CheckResult => ({
    name: "x",
    severity,
    outcome,
    detail: "",
    seconds: 0,
    attempts: 1,
  });
  it.each([
    [[result("passed"), result("passed")], "passed"],
    [[result("passed"), result("failed", "warning")], "passed"],
    [[result("passed"), result("failed")], "failed"],
    [[result("inconclusive"), result("failed")], "failed"],
    [[result("passed"), result("inconclusive")], "inconclusive"],
    [[], "inconclusive"],
    [[result("passed", "warning")], "inconclusive"],
  ] as [CheckResult[], Outcome][])("%#: %s", (results, expected) => {
    expect(verdictOf(results)).toBe(expected);
  });
});
