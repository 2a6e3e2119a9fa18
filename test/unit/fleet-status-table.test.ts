import { expect, test } from "vitest";
import { type StackStatus, statusLines } from "../../fleet/status-table.ts";
import type { WorkloadStatus } from "../../fleet/workload-status.ts";

const image = (version: string) => `registry.test/agent:${version}@sha256:${version.repeat(64)}`;

const first: WorkloadStatus = {
  name: "support-canary",
  group: "support",
  wanted: image("2"),
  running: {
    id: "c1",
    image: image("2"),
    digest: `sha256:${"2".repeat(64)}`,
    state: "running",
    health: "healthy",
    exitCode: 0,
    since: "2026-05-01T11:00:00Z",
    restarts: 1,
  },
  before: image("1"),
  verification: { outcome: "passed", time: "2026-05-01T11:01:00Z" },
  cutOver: null,
  ingress: null,
  hold: null,
  operations: [],
  refused: null,
  differences: [],
};

const missing: WorkloadStatus = {
  ...first,
  name: "support-1",
  running: null,
  before: null,
  verification: null,
  differences: ["its container is missing: do this", "and something else"],
};

function status(change: Partial<StackStatus>): StackStatus {
  const common = { stack: "prod", host: "unix:///run/docker.sock", time: "2026-05-01T12:00:00Z" };
  return { ...common, asWanted: true, workloads: [first], notInConfiguration: [], ...change };
}

test("shows each workload in a row, what differs below, and counts at the end", () => {
  const stray = {
    name: "support-9",
    id: "c9",
    image: "old:latest",
    state: "exited",
    status: "Exited (0) 2 days ago",
  };
  expect(statusLines(status({ workloads: [first, missing], notInConfiguration: [stray] }))).toEqual([
    "WORKLOAD        RUNS                  SINCE  RESTARTS  HEALTH   BEFORE                VERIFICATION    AS WANTED",
    "support-canary  agent:2@222222222222  1h     1         healthy  agent:1@111111111111  passed 59m ago  yes",
    "support-1       nothing                                missing  none                  none            no",
    "  support-1: its container is missing: do this",
    "  support-1: and something else",
    "  support-9: not in the configuration (old:latest, Exited (0) 2 days ago)",
    "prod: 1 of 2 workloads not as the configuration wants, 1 more is not in it.",
  ]);
});

test("says in one line that all is well", () => {
  expect(statusLines(status({})).at(-1)).toBe("prod: 1 workload, all as the configuration wants.");
});
