import { describe, expect, test } from "vitest";
import { type StatusFacts, workloadStatus } from "../../fleet/workload-status.ts";
import type { EvidenceEntry } from "../../lifecycle/evidence/records.ts";
import type { CutOverPhase } from "../../lifecycle/workdir/journal.ts";
import { recorder } from "../support/records.ts";

const now = new Date("2026-05-01T12:00:00Z");
const [old, next] = ["1", "2"].map(
  (version) => `registry.test/agent:${version}@sha256:${version.repeat(64)}`,
) as [string, string];

const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000).toISOString();

const recorded = recorder({ first: minutesAgo(10) });

const cutOver: EvidenceEntry = {
  kind: "cut-over",
  from: old,
  to: next,
  direction: "forward",
  snapshot: "abcdef0123",
  drained: { active: 0, seconds: 0, cut: 0 },
  stop: { seconds: 1, killed: false },
};

const cold: EvidenceEntry = {
  kind: "snapshot",
  role: "cold",
  snapshot: "abcdef0123",
  image: old,
  files: 1,
  bytes: 1,
  seconds: 1,
  markers: { databases: {} },
};

function verification(outcome: "passed" | "failed", container = "c1"): EvidenceEntry {
  const check = {
    name: "http /readyz",
    severity: "critical",
    detail: "HTTP 503",
    seconds: 1,
    attempts: 3,
  } as const;
  return {
    kind: "verification",
    image: next,
    container,
    outcome,
    checks: [{ ...check, outcome }],
    checksHash: "0123456789abcdef",
    seconds: 2,
  };
}

const running = {
  id: "c1",
  image: next,
  state: "running",
  health: "healthy",
  exitCode: 0,
  since: minutesAgo(9),
  restarts: 0,
};
/** What runs, and that it does. */
const serving = { ...running, running: true, paused: false };

function facts(change: Partial<StatusFacts> = {}): StatusFacts {
  return {
    config: { group: "support", name: "a", image: next } as StatusFacts["config"],
    container: serving,
    records: recorded(cold, cutOver, verification("passed")),
    journal: undefined,
    move: { kind: "none", to: next },
    operations: [],
    logCommand: "docker logs --tail 50 a",
    ...change,
  };
}

const journal = (phase: CutOverPhase): StatusFacts["journal"] => ({
  phase,
  from: old,
  move: { kind: "forward", from: old, to: next },
  since: minutesAgo(2),
});

/** A hold that began two minutes ago and ended so many minutes ago; negative: ends in the future. */
function held(endedMinutesAgo: number) {
  return { since: minutesAgo(2), until: minutesAgo(endedMinutesAgo), why: "cut-over" };
}

describe("the status of a workload", () => {
  test("says that its records are damaged, what to do, and asks for nothing that can't be done", () => {
    const refused: StatusFacts["refused"] = {
      ...{ kind: "damaged records", why: "its records are damaged: f:2: the line is no record" },
      ...{ remedy: "Put it back.", wanted: next, moves: true, untouched: true },
    };
    const found = workloadStatus(facts({ container: { ...serving, image: old }, records: [], refused }), now);
    expect(found.refused).toEqual({ kind: "damaged records", why: refused.why });
    expect(found.differences).toEqual([
      "its records are damaged: f:2: the line is no record; an update leaves it as it is. Put it back.",
      "runs agent:1@111111111111, the configuration wants agent:2@222222222222",
    ]);
  });

  test("says what runs, from which release, and that it passed its verification", () => {
    expect(workloadStatus(facts(), now)).toEqual({
      name: "a",
      group: "support",
      wanted: next,
      running: { ...running, digest: `sha256:${"2".repeat(64)}` },
      before: old,
      verification: { outcome: "passed", time: minutesAgo(8) },
      cutOver: null,
      ingress: null,
      hold: null,
      operations: [],
      refused: null,
      differences: [],
    });
  });

  test("names no version that was gone back from as the one before", () => {
    const back: EvidenceEntry = {
      ...cutOver,
      direction: "back",
      from: next,
      to: old,
      snapshot: "1234567890",
    };
    const records = recorded(cold, cutOver, back);
    const status = workloadStatus(facts({ container: { ...serving, image: old }, records }), now);
    expect(status.before).toBeNull();
  });

  test("knows no release before the first one", () => {
    expect(workloadStatus(facts({ records: recorded(verification("passed")) }), now).before).toBeNull();
  });

  test("counts only a verification of this very container", () => {
    const status = workloadStatus(facts({ records: recorded(verification("passed", "c0")) }), now);
    expect(status).toMatchObject({
      verification: null,
      differences: ["was not verified since its container was created: `pulumi up` verifies it"],
    });
  });

  test.each<[string, Partial<StatusFacts>, string[]]>([
    [
      "an instance that is new in the configuration",
      { container: undefined, records: [], move: { kind: "first", to: next } },
      ["is not there yet: `pulumi up` creates it"],
    ],
    [
      "a missing container",
      { container: undefined },
      ["its container is missing: `fleet recover` creates it again on its state"],
    ],
    [
      "a stopped one",
      { container: { ...serving, state: "exited", exitCode: 137 } },
      ["has been stopped for 9m (exit code 137): `fleet recover` brings it back"],
    ],
    [
      "a paused one",
      { container: { ...serving, state: "paused" } },
      ["is paused: `fleet recover` resumes it"],
    ],
    [
      "one that ends again and again",
      { container: { ...serving, state: "restarting", exitCode: 78 } },
      ["keeps restarting, last exit code 78: `docker logs --tail 50 a` says why"],
    ],
    [
      "an unhealthy one",
      { container: { ...serving, health: "unhealthy" } },
      ["is unhealthy: `docker logs --tail 50 a` says why. To go back: docs/rollback.md"],
    ],
    ["one that starts", { container: { ...serving, health: "starting" } }, ["has been starting for 9m"]],
    [
      "another image",
      { container: { ...serving, image: old } },
      ["runs agent:1@111111111111, the configuration wants agent:2@222222222222: `pulumi up`"],
    ],
    [
      "a failed verification",
      { records: recorded(cutOver, verification("failed")) },
      [
        "its verification 9m ago failed (http /readyz: HTTP 503): go back, or verify it again with `pulumi up`",
      ],
    ],
    ["one that its ingress serves", { ingress: { state: "serving" } }, []],
    [
      "one that is held",
      { ingress: { state: "held" }, hold: held(-3) },
      [
        "its requests have been held since 11:58:00 UTC, and will be until 12:03:00 UTC at most. If no `pulumi up` runs: `fleet recover`",
      ],
    ],
    [
      "one that an update holds",
      {
        ingress: { state: "held" },
        hold: held(-3),
        operations: [{ workload: "a", pid: 42, purpose: "cut-over" }],
      },
      ["its requests have been held since 11:58:00 UTC, and will be until 12:03:00 UTC at most"],
    ],
    [
      "one whose hold is over",
      { ingress: { state: "refusing" }, hold: held(1) },
      [
        "its hold is over: the ingress answers its requests with 503 since 11:59:00 UTC. If no `pulumi up` runs: `fleet recover`",
      ],
    ],
    [
      "one that the ingress has lost",
      { ingress: { state: "absent" } },
      [
        "the ingress does not know it: its requests are answered with 404. If no `pulumi up` runs: `fleet recover`",
      ],
    ],
    [
      "one whose ingress is down",
      { ingress: { unknown: "there is no container i" } },
      ["there is no container i"],
    ],
    [
      "a restore that was asked for",
      {
        move: {
          kind: "restore",
          from: next,
          to: next,
          restore: { snapshot: "0badcafe", takenAt: "unknown", reason: "requested", moved: [] },
        },
      },
      ["the configuration wants its state set back to snapshot 0badcafe: `pulumi up` does it"],
    ],
    [
      "a cut-over that nobody works at",
      { journal: journal("snapshotting"), container: { ...serving, state: "exited" } },
      [
        "has been stopped for 9m (exit code 0): `fleet recover` brings it back",
        'its cut-over has been at "snapshotting" for 2m: under way. If no `pulumi up` runs, it was interrupted: `fleet recover`',
      ],
    ],
    [
      "a cut-over at work",
      { journal: journal("draining"), operations: [{ workload: "a", pid: 42, purpose: "cut-over" }] },
      ['its cut-over has been at "draining" for 2m: under way: process 42 (cut-over)'],
    ],
  ])("names the difference and what to do: %s", (_, change, differences) => {
    expect(workloadStatus(facts(change), now).differences).toEqual(differences);
  });
});
