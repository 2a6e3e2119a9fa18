import { expect, test } from "vitest";
import { engineLines, failureLines } from "../../fleet/failure-lines.ts";
import type { ProgramEvent } from "../../lifecycle/events.ts";

const time = "2026-11-29T12:00:00.000Z";

test("a failure is what the program has ended with, each line once and no other", () => {
  const events: ProgramEvent[] = [
    { kind: "note", time, workload: "demo-2", text: "✗ channels: none connected (0.7 s)" },
    { kind: "step", time, workload: "demo-2", step: "verification", outcome: "failed", text: "failed" },
    {
      ...{ kind: "failure", time, workload: "demo-2" },
      text: "demo-2: verification failed on openclaw:2026.4.23@sha256:b:\n  channels: none connected\ndemo-2 runs the new version.",
    },
    { kind: "failure", time, workload: "demo-2", text: "demo-2 runs the new version." },
  ];
  expect(failureLines(events, "Diagnostics:\n  error: exit status 1\n")).toEqual([
    "demo-2: verification failed on openclaw:2026.4.23@sha256:b:",
    "channels: none connected",
    "demo-2 runs the new version.",
  ]);
});

test("the engine's own error is shown where no program has said one", () => {
  const output = `Updating (s):
demo-9: is not part of the diagnostics
Diagnostics:
  docker:index:Container (demo-2):
    error: the engine does not answer
  pulumi:pulumi:Stack (s):
    error: update failed
`;
  expect(failureLines([], output)).toEqual(["the engine does not answer"]);
  expect(engineLines("error: could not load plugin\n")).toEqual(["could not load plugin"]);
});
