import { expect, test } from "vitest";
import { failureLines, planLines } from "../../demo/story.ts";

const output = `Updating (demo):
demo-9: update is not part of the diagnostics
Diagnostics:
  command:local:Command (demo-2-verification):
    demo-2: ✗ demo fault switch is off: exit code 1 (0.7 s)
    demo-2: verification failed on openclaw:2026.4.23@sha256:b:
      demo fault switch is off: exit code 1 instead of 0
    demo-2 runs the new version. The way back: set it back.
    error: exit status 1: running "operations/verify.ts":
    demo-2: verification failed on openclaw:2026.4.23@sha256:b:
      demo fault switch is off: exit code 1 instead of 0
    demo-2 runs the new version. The way back: set it back.

  pulumi:pulumi:Stack (clawforce-demo):
    demo-2: update openclaw:2026.4.15@a -> openclaw:2026.4.23@b
    error: update failed
`;

test("the plan is what the program announced", () => {
  expect(planLines(output)).toEqual(["demo-2: update openclaw:2026.4.15@a -> openclaw:2026.4.23@b"]);
});

test("a failure is shown once, from its verdict to the way back", () => {
  expect(failureLines(output)).toEqual([
    "demo-2: verification failed on openclaw:2026.4.23@sha256:b:",
    "demo fault switch is off: exit code 1 instead of 0",
    "demo-2 runs the new version. The way back: set it back.",
  ]);
});

test("a failure without a way back is shown by the end of the diagnostics", () => {
  expect(failureLines("Diagnostics:\n  error: the disk is full\n")).toEqual([
    "Diagnostics:",
    "error: the disk is full",
    "",
  ]);
});
