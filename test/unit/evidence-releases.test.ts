import { describe, expect, it } from "vitest";
import type { EvidenceEntry, EvidenceRecord, Outcome } from "../../lifecycle/evidence/records.ts";
import { passedReleases, recordedReleases } from "../../lifecycle/evidence/releases.ts";
import { onRecord } from "./fleet-rollout-fixture.ts";

const [a, b, c] = ["a", "b", "c"].map((digit) => `agent:${digit}@sha256:${digit.repeat(64)}`) as [
  string,
  string,
  string,
];

function verified(image: string, outcome: Outcome = "passed"): EvidenceEntry {
  const rest = { container: "one", checks: [], checksHash: "checks", seconds: 1 };
  return { kind: "verification", image, outcome, ...rest };
}

function moved(from: string, to: string, direction: "forward" | "back"): EvidenceEntry {
  const drained = { active: 0, seconds: 0, cut: 0 };
  return {
    ...{ kind: "cut-over", from, to, direction, snapshot: "0", drained },
    stop: { seconds: 1, killed: false },
  };
}

function log(...entries: EvidenceEntry[]): EvidenceRecord[] {
  return onRecord("support-1", ...entries);
}

describe("the releases that a workload has passed on", () => {
  it.each<[string, EvidenceEntry[], string[]]>([
    ["none before the first pass", [verified(a, "failed"), verified(a, "inconclusive")], []],
    ["each one once", [verified(a), verified(a), verified(b)], [a, b]],
    ["under any tag of the same digest", [verified(a), verified(a.replace("agent", "other"))], [a]],
    [
      "not one that it was moved to and has failed",
      [verified(a), moved(a, b, "forward"), verified(b, "failed")],
      [a],
    ],
    ["not one that it went back from", [verified(a), verified(b), moved(b, a, "back"), verified(a)], [a]],
    [
      "as soon as it went back, whether or not it passed then",
      [verified(a), verified(b), moved(b, a, "back")],
      [a],
    ],
    ["again when it came again", [verified(a), verified(b), moved(b, a, "back"), verified(b)], [a, b]],
    [
      "also when a later judgement failed: it was a release to go back to",
      [verified(a), verified(a, "failed")],
      [a],
    ],
  ])("%s", (_, entries, releases) => {
    expect(passedReleases(log(...entries))).toEqual(releases);
  });
});

describe("the recorded releases of a group", () => {
  it.each<[string, EvidenceRecord[][], string | undefined, string | undefined]>([
    ["are none without records", [[], []], undefined, undefined],
    ["begin with what all were started on", [log(verified(a)), log(verified(a))], a, undefined],
    ["don't move with the canary", [log(verified(a), verified(b)), log(verified(a))], a, undefined],
    ["move with the last workload", [log(verified(a), verified(b)), log(verified(a), verified(b))], b, a],
    [
      "pass over what only the canary has seen",
      [log(verified(a), verified(b), verified(c)), log(verified(a), verified(c))],
      c,
      a,
    ],
    [
      "go back with the fleet, and what it left is none of them",
      [
        log(verified(a), verified(b), moved(b, a, "back")),
        log(verified(a), verified(b), moved(b, a, "back")),
      ],
      a,
      undefined,
    ],
    ["don't wait for a workload that is not there yet", [log(verified(a)), []], a, undefined],
    [
      "ask nothing of a workload about the time before it came",
      [log(verified(a), verified(b)), log(verified(b))],
      b,
      a,
    ],
    ["are none when no release is common to all", [log(verified(a)), log(verified(b))], undefined, undefined],
  ])("%s", (_, workloads, stable, previous) => {
    expect(recordedReleases(workloads)).toEqual({ stable, previous });
  });
});
