import { expect, test } from "vitest";
import { failureLines } from "../../fleet/failure-lines.ts";

test("a failure is shown once, from its verdict to the way back", () => {
  const output = `Updating (s):
demo-9: drain failed: is not part of the diagnostics
Diagnostics:
  command:local:Command (demo-2-verification):
    demo-2: ✗ channels: none connected (0.7 s)
    demo-2: verification failed on openclaw:2026.4.23@sha256:b:
      channels: none connected
    demo-2 runs the new version. The way back: set it back.
    error: exit status 1: running "operations/verify.ts":
    demo-2: verification failed on openclaw:2026.4.23@sha256:b:
      channels: none connected
    demo-2 runs the new version. The way back: set it back.
  pulumi:pulumi:Stack (s):
    error: update failed
`;
  expect(failureLines(output)).toEqual([
    "demo-2: verification failed on openclaw:2026.4.23@sha256:b:",
    "channels: none connected",
    "demo-2 runs the new version. The way back: set it back.",
  ]);
});

test("a failure before anything was stopped is shown from its step on", () => {
  const output = `Diagnostics:
  command:local:Command (demo-2-preparation):
    error: exit status 1: running "operations/prepare.ts":
    demo-2: preflight failed: the gateway is stopped.
  pulumi:pulumi:Stack (s):
    error: update failed
`;
  expect(failureLines(output)).toEqual(["demo-2: preflight failed: the gateway is stopped."]);
});

test("the engine's own error is shown where no program has said one", () => {
  expect(failureLines("error: could not load plugin\n")).toEqual(["could not load plugin"]);
});
