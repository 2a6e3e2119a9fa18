import { describe, expect, test } from "vitest";
import { planRecovery, type RecoveryFacts, type RecoveryWorkload } from "../../fleet/recovery-plan.ts";
import type { RunningContainer } from "../../fleet/running.ts";
import type { EvidenceRecord } from "../../lifecycle/evidence/records.ts";
import type { CutOverPhase } from "../../lifecycle/workdir/journal.ts";
import type { IngressState } from "../../platforms/proxy.ts";

const [old, next] = ["1", "2"].map(
  (version) => `registry.test/agent:${version}@sha256:${version.repeat(64)}`,
) as [string, string];

interface Case {
  container?: Partial<RunningContainer> | undefined;
  phase?: CutOverPhase;
  first?: boolean;
  ingress?: IngressState;
  held?: boolean;
  gate?: "passed" | "failed";
}

/** What Docker's and Kubernetes' words mean. */
function conditionOf(state = "running"): Pick<RunningContainer, "running" | "paused"> {
  return { running: ["running", "paused", "restarting"].includes(state), paused: state === "paused" };
}

function workload({ container, phase, first, ingress, held, gate }: Case): RecoveryWorkload {
  const running = {
    id: "c",
    image: old,
    state: "running",
    health: "healthy",
    exitCode: 0,
    since: "",
    restarts: 0,
  };
  const forward = { kind: "forward", from: old, to: next } as const;
  return {
    config: { name: "a" } as RecoveryWorkload["config"],
    container: container && { ...running, ...conditionOf(container.state), ...container },
    journal: phase && { phase, from: old, move: forward, since: "2026-05-01T12:00:00Z" },
    ...(ingress && { ingress: { state: ingress } }),
    ...(held === true && {
      hold: { since: "2026-05-01T12:00:00Z", until: "2126-05-01T12:05:00Z", why: "cut-over" },
    }),
    ...(gate && {
      records: [{ kind: "gate", container: "c", outcome: gate } as EvidenceRecord],
    }),
    move: first === true ? { kind: "first", to: next } : forward,
  };
}

const plan = (facts: Partial<RecoveryFacts>) =>
  planRecovery({ locks: [], pending: [], leftOvers: [], workloads: [], ...facts });

const engine = [
  "pulumi refresh: read what is really there into the state",
  "pulumi up: finish with the configuration as it is now",
];
const back = ["a: bring its container back and wait until it is healthy"];
const letIn = ["a: let its requests in"];
const giveUp = ["a: serves, so give its cut-over up"];

describe("the plan of a recovery", () => {
  test.each<[string, Case, string[], string[]]>([
    ["one that serves", { container: {} }, [], []],
    ["one that is not there yet", { first: true }, [], []],
    ["one that is unhealthy for reasons of its own", { container: { health: "unhealthy" } }, [], []],
    ["a stopped one", { container: { state: "exited" } }, ["a: agent:1@111111111111 is exited"], back],
    [
      "one that Kubernetes calls stopped",
      { container: { state: "stopped" } },
      ["a: agent:1@111111111111 is stopped"],
      back,
    ],
    [
      "one that Kubernetes calls stopped, in the middle of its cut-over",
      { container: { state: "stopped" }, phase: "snapshotting" },
      ['a: agent:1@111111111111 is stopped, its cut-over was interrupted at "snapshotting"'],
      back,
    ],
    ["a paused one", { container: { state: "paused" } }, ["a: agent:1@111111111111 is paused"], back],
    ["one that starts", { container: { health: "starting" } }, ["a: agent:1@111111111111 is starting"], back],
    ["a missing one", {}, ["a: its container is missing"], engine],
    ["one behind an ingress that serves it", { container: {}, ingress: "serving", gate: "passed" }, [], []],
    [
      "one that serves and is held",
      { container: {}, ingress: "held", held: true, gate: "passed" },
      [
        "a: agent:1@111111111111 is healthy, its requests have been held since 12:00:00 UTC, and will be until 12:05:00 UTC at most",
      ],
      letIn,
    ],
    [
      "one that the ingress has lost",
      { container: {}, ingress: "absent", gate: "passed" },
      [
        "a: agent:1@111111111111 is healthy, the ingress does not know it: its requests are answered with 404",
      ],
      letIn,
    ],
    [
      "one whose hold is over",
      { container: {}, ingress: "refusing", held: true, gate: "passed" },
      [
        "a: agent:1@111111111111 is healthy, its hold is over: the ingress answers its requests with 503 since 12:05:00 UTC",
      ],
      letIn,
    ],
    [
      "one that is held because its gate failed",
      { container: {}, ingress: "held", held: true, gate: "failed" },
      [
        "a: agent:1@111111111111 is healthy, its requests have been held since 12:00:00 UTC, and will be until 12:05:00 UTC at most",
      ],
      engine.slice(1),
    ],
    [
      "a stopped one that is held",
      { container: { state: "exited" }, phase: "snapshotting", ingress: "held", held: true, gate: "passed" },
      [
        'a: agent:1@111111111111 is exited, its cut-over was interrupted at "snapshotting", its requests have been held since 12:00:00 UTC, and will be until 12:05:00 UTC at most',
      ],
      [...back, ...letIn],
    ],
    [
      "a missing one that is held",
      { phase: "removing", ingress: "held", held: true },
      ['a: its container is missing, its cut-over was interrupted at "removing"'],
      engine,
    ],
    [
      "a kill while it drained",
      { container: {}, phase: "draining" },
      ['a: agent:1@111111111111 is healthy, its cut-over was interrupted at "draining"'],
      giveUp,
    ],
    [
      "a kill after the stop",
      { container: { state: "exited" }, phase: "snapshotting" },
      ['a: agent:1@111111111111 is exited, its cut-over was interrupted at "snapshotting"'],
      back,
    ],
    [
      "a kill before the removal",
      { container: { state: "exited" }, phase: "removing" },
      ['a: agent:1@111111111111 is exited, its cut-over was interrupted at "removing"'],
      back,
    ],
    [
      "a kill after the removal",
      { phase: "removing" },
      ['a: its container is missing, its cut-over was interrupted at "removing"'],
      engine,
    ],
    [
      "a kill while its state is restored",
      { phase: "restoring" },
      ['a: its container is missing, its cut-over was interrupted at "restoring"'],
      engine,
    ],
    [
      "a new container that was never started: its state may be half restored",
      { container: { image: next, state: "created" }, phase: "creating" },
      ['a: agent:2@222222222222 is created, its cut-over was interrupted at "creating"'],
      engine.slice(1),
    ],
    [
      "a kill at the gate",
      { container: { image: next }, phase: "creating" },
      ['a: agent:2@222222222222 is healthy, its cut-over was interrupted at "creating"'],
      engine.slice(1),
    ],
  ])("of %s", (_, found, lines, steps) => {
    expect(plan({ workloads: [workload(found)] })).toMatchObject({ found: lines, steps });
  });

  test("finishes what a dead process began, after it has removed lock and left-overs and brought back what was stopped", () => {
    const facts: RecoveryFacts = {
      locks: [{ file: "l", pid: 12, username: "op", hostname: "h", timestamp: "2026-05-01T12:00:00Z" }],
      pending: [{ type: "creating", name: "a-gate" }],
      leftOvers: [{ kind: "container", id: "c9", what: "cold snapshot of a" }],
      workloads: [workload({ container: { state: "exited" } })],
    };
    expect(plan(facts)).toEqual({
      unlock: true,
      undo: [],
      leftOvers: facts.leftOvers,
      bringBack: ["a"],
      giveUp: [],
      open: [],
      finish: { refresh: true },
      found: [
        "Pulumi's lock of 2026-05-01T12:00:00Z: process 12 of op, which is dead",
        "begun and not recorded as done: creating a-gate",
        "a: agent:1@111111111111 is exited",
        "left over: container, cold snapshot of a",
      ],
      steps: ["remove Pulumi's lock", "remove what was left over", ...back, ...engine],
    });
  });

  test("needs no engine for left-overs alone", () => {
    const leftOvers = [{ kind: "volume", id: "v", what: "drill of a" }] as const;
    expect(plan({ leftOvers, workloads: [workload({ container: {} })] })).toMatchObject({
      finish: undefined,
      steps: ["remove what was left over"],
    });
  });
});
