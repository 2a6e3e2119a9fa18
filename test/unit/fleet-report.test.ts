import { describe, expect, test } from "vitest";
import { recordedMoves } from "../../fleet/recorded-moves.ts";
import { updateReport } from "../../fleet/report.ts";
import type { CheckResult, EvidenceEntry } from "../../lifecycle/evidence/records.ts";
import type { StateSurvey } from "../../lifecycle/evidence/state-survey.ts";
import { recorder } from "../support/records.ts";

const old = `registry.example.com/openclaw:2026.4.15@sha256:${"a".repeat(64)}`;
const young = `registry.example.com/openclaw:2026.4.23@sha256:${"b".repeat(64)}`;
const begin = Date.parse("2026-11-21T12:00:00.000Z");

const onRecord = recorder({ apart: 1 });

function check(name: string, outcome: CheckResult["outcome"] = "passed", detail = "seen"): CheckResult {
  return { name, severity: "critical", outcome, detail, seconds: 0.5, attempts: 1 };
}

const markers = { databases: {} };

const survey: StateSurvey = {
  ...{ entries: 130, bytes: 12_345_678 },
  folders: [{ path: "media", entries: 90, bytes: 12e6 }],
  odd: [{ kind: "link", count: 1, first: ["data -> /mnt"] }],
};

function snapshot(
  role: "hot" | "cold" | "pre-restore",
  id: string,
  image: string,
  change: { survey?: StateSurvey } = {},
): EvidenceEntry {
  return {
    ...change,
    kind: "snapshot",
    role,
    snapshot: id,
    image,
    files: 120,
    bytes: 12_345_678,
    seconds: 1.2,
    markers,
  };
}

function cutOver(
  from: string,
  to: string,
  id: string,
  direction: "forward" | "back" | "same" = "forward",
): EvidenceEntry {
  return {
    kind: "cut-over",
    from,
    to,
    direction,
    snapshot: id,
    drained: { active: 3, seconds: 5, cut: 1 },
    stop: { seconds: 30, killed: true },
  };
}

function judged(
  image: string,
  container: string,
  outcome: "passed" | "failed" | "inconclusive" = "passed",
): EvidenceEntry[] {
  return [
    {
      kind: "gate",
      image,
      container,
      outcome: "passed",
      checks: [check("http /healthz")],
      checksHash: "0123456789abcdef",
      markers,
    },
    {
      kind: "verification",
      image,
      container,
      outcome,
      checks: [check("version", outcome, "says 1 | 2\nand more")],
      checksHash: "0123456789abcdef",
      seconds: 2,
    },
  ];
}

const start: EvidenceEntry[] = [{ kind: "serving", trigger: "first", did: "serves" }, ...judged(old, "one")];
const update: EvidenceEntry[] = [
  snapshot("hot", "aaaaaaaa11", old, { survey }),
  { kind: "drill", snapshot: "aaaaaaaa11", image: old, seconds: 8.1 },
  snapshot("cold", "bbbbbbbb22", old),
  cutOver(old, young, "bbbbbbbb22"),
];
const back: EvidenceEntry[] = [
  snapshot("hot", "cccccccc33", young),
  snapshot("pre-restore", "dddddddd44", young),
  cutOver(young, old, "dddddddd44", "back"),
  { kind: "restore", snapshot: "bbbbbbbb22", image: old, reason: "state moved", seconds: 2.1 },
  ...judged(old, "three"),
];

function told(...entries: EvidenceEntry[]) {
  return recordedMoves(onRecord(...entries)).map(({ kind, verdict }) => `${kind}: ${verdict}`);
}

describe("the moves of a workload", () => {
  test("are a first start, an update that failed, the way back, and an update that passed", () => {
    expect(
      told(
        ...start,
        ...update,
        ...judged(young, "two", "failed"),
        ...back,
        ...update,
        ...judged(young, "four"),
      ),
    ).toEqual(["first start: passed", "update: failed", "back: passed", "update: passed"]);
  });

  test("are an adoption that was given up, and one that has passed", () => {
    const stranger = { name: "by-hand", id: "zero", restart: "always" };
    const adopted = (did: "left" | "returned"): EvidenceEntry => ({
      ...(cutOver(old, old, "bbbbbbbb22", "same") as Extract<EvidenceEntry, { kind: "cut-over" }>),
      stranger: { ...stranger, did },
    });
    const prepared = update.slice(0, 3);
    const records = [
      ...[...prepared, adopted("left"), ...judged(old, "one", "failed"), adopted("returned")],
      ...[...prepared, adopted("left"), ...judged(old, "two")],
    ];
    expect(told(...records)).toEqual([...["adoption: failed", "given up: inconclusive", "adoption: passed"]]);
  });

  test("a failure before the delete ends one, and the next attempt is another", () => {
    const failure: EvidenceEntry = { kind: "failure", step: "check", message: "differs", image: young };
    const [first, second] = recordedMoves(
      onRecord(...update.slice(0, 3), failure, ...update, ...judged(young, "two")),
    );
    expect([first?.kind, first?.verdict, first?.from, first?.to]).toEqual(["update", "failed", old, young]);
    expect([second?.kind, second?.verdict]).toEqual(["update", "passed"]);
  });

  test("a rehearsal that failed ends one: nothing was stopped, and the next attempt is another", () => {
    const [hot, drill, ...cut] = update;
    const rehearsal = (more: object): EvidenceEntry => ({
      ...{ kind: "rehearsal", snapshot: "aaaaaaaa11", from: old, image: young, migration: "m" },
      ...{ outcome: "failed", seconds: { migration: 0 } },
      ...more,
    });
    const steps = [{ command: ["openclaw", "doctor", "--fix"], exitCode: 0, seconds: 61, output: ["done"] }];
    const records = onRecord(
      ...start,
      ...[hot as EvidenceEntry, drill as EvidenceEntry],
      rehearsal({ failure: { stage: "start", why: "exit code 78\nFirst: write `migrate`" } }),
      ...[hot as EvidenceEntry, drill as EvidenceEntry],
      rehearsal({
        ...{ outcome: "passed", seconds: { migration: 60, start: 41, reverse: 20 } },
        wayBack: { proved: false, why: "the old version does not come up on it: exit code 78" },
      }),
      cut[0] as EvidenceEntry,
      {
        ...{
          kind: "migration",
          from: old,
          image: young,
          snapshot: "bbbbbbbb22",
          outcome: "passed",
          seconds: 61,
        },
        steps,
      },
      ...cut.slice(1),
      ...judged(young, "two"),
    );
    const [, refused, passed] = recordedMoves(records);
    expect(refused).toMatchObject({ kind: "update", from: old, to: young, verdict: "failed" });
    expect(refused?.cutOver).toBeUndefined();
    expect(passed).toMatchObject({ kind: "update", from: old, to: young, verdict: "passed" });
    const text = updateReport("prod", [{ name: "support-1", records }], new Date(begin));
    expect(text).toContain("failed: exit code 78");
    expect(text).toContain(
      "passed: migration 1m, ready in 41s; going back: with the state, because the old version does not come up on it: exit code 78",
    );
    expect(text).toContain("passed in 1m 1s: `openclaw doctor --fix` (exit code 0)");
    expect(text).toMatch(/rehearsal 2m 1s, .*migration 1m 1s/);
  });

  test("what was prepared twice before its cut-over is one update", () => {
    expect(told(...start, ...update.slice(0, 2), ...update, ...judged(young, "two"))).toEqual([
      "first start: passed",
      "update: passed",
    ]);
  });

  test.each<[string, EvidenceEntry[], string]>([
    ["a cut-over that nothing judged", update, "update: inconclusive"],
    [
      "a gate without a verification",
      [...update, ...judged(young, "two").slice(0, 1)],
      "update: inconclusive",
    ],
    [
      "a verification without a result",
      [...update, ...judged(young, "two", "inconclusive")],
      "update: inconclusive",
    ],
    ["a preparation without a cut-over", update.slice(0, 2), "prepared: inconclusive"],
    [
      "a verification run again",
      [...update, ...judged(young, "two", "failed"), ...judged(young, "two")],
      "update: passed",
    ],
    [
      "another container of the same version",
      [...update.slice(0, 3), cutOver(old, old, "b", "same"), ...judged(old, "two")],
      "recreated: passed",
    ],
  ])("%s is told as it is", (_, entries, expected) => {
    expect(told(...entries)).toEqual([expected]);
  });

  test("a gateway that was found stopped is a move of its own", () => {
    const found: EvidenceEntry = { kind: "serving", trigger: "x", did: "was stopped, is started" };
    expect(told(...start, found, ...judged(old, "one"))).toEqual([
      "first start: passed",
      "brought back: passed",
    ]);
  });
});

describe("the report", () => {
  test("names the places of a state, and those that a restore could not set back", () => {
    const places = { "/srv/work": 3 };
    const withPlaces = update.map((each) => (each.kind === "snapshot" ? { ...each, places } : each));
    const restored = back.map((each) =>
      each.kind === "restore" ? { ...each, left: ["/srv/work"], unnamed: ["/srv/old"] } : each,
    );
    const records = onRecord(...start, ...withPlaces, ...judged(young, "two"), ...restored);
    const text = updateReport("support", [{ name: "support-1", records }], new Date(begin));
    expect(text).toContain("taken in 1.2s, with `/srv/work`\n");
    expect(text).toContain(
      "; state moved; `/srv/work` stayed as it was: the snapshot has nothing of it; `/srv/old` of the snapshot is state no more, and was not restored\n",
    );
  });

  test("says from, to, digests, snapshots, what was cut, checks and verdicts", () => {
    const records = onRecord(...start, ...update, ...judged(young, "two222222222222", "failed"), ...back);
    expect(updateReport("support", [{ name: "support-1", records }])).toBe(`# Updates of support

- time: 2026-11-21T12:00:00.000Z to 2026-11-21T12:00:14.000Z (14s)
- 1 workload, 3 moves: 2 passed, 1 failed
- 2 cut-overs: 2 units of active work cut, 2 gateways killed, 1 state set back

## 1. First start on openclaw:2026.4.15@aaaaaaaaaaaa

| workload | from | to | began | took | paused | verdict |
| --- | --- | --- | --- | --- | --- | --- |
| support-1 |  | openclaw:2026.4.15@aaaaaaaaaaaa | 2026-11-21T12:00:00Z | 2s |  | passed |

## 2. Update to openclaw:2026.4.23@bbbbbbbbbbbb

| workload | from | to | began | took | paused | verdict |
| --- | --- | --- | --- | --- | --- | --- |
| support-1 | openclaw:2026.4.15@aaaaaaaaaaaa | openclaw:2026.4.23@bbbbbbbbbbbb | 2026-11-21T12:00:03Z | 5s | 38s | failed |

## 3. Back to openclaw:2026.4.15@aaaaaaaaaaaa

| workload | from | to | began | took | paused | verdict |
| --- | --- | --- | --- | --- | --- | --- |
| support-1 | openclaw:2026.4.23@bbbbbbbbbbbb | openclaw:2026.4.15@aaaaaaaaaaaa | 2026-11-21T12:00:09Z | 5s | 39s | passed |

## support-1

### First start on openclaw:2026.4.15@aaaaaaaaaaaa: passed

- to: \`${old}\`
- time: 2026-11-21T12:00:00.000Z to 2026-11-21T12:00:02.000Z
- gate: passed, 1 check
- verification: passed, 1 check in 2s
- container: \`one\`
- steps: gate 500ms, verification 2s

| stage | check | outcome | seconds | attempts | seen |
| --- | --- | --- | --- | --- | --- |
| gate | http /healthz | passed | 0.5 | 1 | seen |
| verification | version | passed | 0.5 | 1 | says 1 \\| 2 and more |

### Update to openclaw:2026.4.23@bbbbbbbbbbbb: failed

- from: \`${old}\`
- to: \`${young}\`
- time: 2026-11-21T12:00:03.000Z to 2026-11-21T12:00:08.000Z
- hot snapshot: \`aaaaaaaa\`, 120 files, 12.3 MB, taken in 1.2s
- before the update: its state has 130 entries, 12.3 MB; most of it: media (90 entries, 12 MB); 1 link leads out of the state, to what is in no snapshot: data -> /mnt
- drill: passed in 8.1s
- drained: 2 of 3 units of active work ended in 5s, 1 cut
- stop: killed after 30s: it did not end by itself
- cold snapshot: \`bbbbbbbb\`, 120 files, 12.3 MB, taken in 1.2s
- state: kept, nothing restored
- gate: passed, 1 check
- verification: failed, 1 check in 2s
- container: \`two222222222\`
- steps: hot snapshot 1.2s, drill 8.1s, drain 5s, stop 30s, cold snapshot 1.2s, start 500ms, gate 500ms, verification 2s

| stage | check | outcome | seconds | attempts | seen |
| --- | --- | --- | --- | --- | --- |
| gate | http /healthz | passed | 0.5 | 1 | seen |
| verification | version | failed | 0.5 | 1 | says 1 \\| 2 and more |

### Back to openclaw:2026.4.15@aaaaaaaaaaaa: passed

- from: \`${young}\`
- to: \`${old}\`
- time: 2026-11-21T12:00:09.000Z to 2026-11-21T12:00:14.000Z
- hot snapshot: \`cccccccc\`, 120 files, 12.3 MB, taken in 1.2s
- drill: not needed on the way back
- drained: 2 of 3 units of active work ended in 5s, 1 cut
- stop: killed after 30s: it did not end by itself
- pre-restore snapshot: \`dddddddd\`, 120 files, 12.3 MB, taken in 1.2s
- state: set back to snapshot \`bbbbbbbb\` in 2.1s; state moved
- gate: passed, 1 check
- verification: passed, 1 check in 2s
- container: \`three\`
- steps: hot snapshot 1.2s, drain 5s, stop 30s, cold snapshot 1.2s, restore 2.1s, start 500ms, gate 500ms, verification 2s

| stage | check | outcome | seconds | attempts | seen |
| --- | --- | --- | --- | --- | --- |
| gate | http /healthz | passed | 0.5 | 1 | seen |
| verification | version | passed | 0.5 | 1 | says 1 \\| 2 and more |
`);
  });

  test("says so when nothing is on record, and leaves out what ended before it begins", () => {
    const nothing = "# Updates of support\n\nNothing is on record.\n";
    expect(updateReport("support", [{ name: "support-1", records: [] }])).toBe(nothing);
    const records = onRecord(...start);
    const later = new Date(begin + 60_000);
    expect(updateReport("support", [{ name: "support-1", records }], later)).toBe(nothing);
  });
});
