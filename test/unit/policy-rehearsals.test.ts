import { describe, expect, test } from "vitest";
import type { EvidenceEntry } from "../../lifecycle/evidence/records.ts";
import { rollbackReady } from "../../policies/rollback-ready.ts";
import { atJudgedTime, key, said } from "../policy/canary.ts";
import { altered, envelopes, testKey } from "../policy/evidence.ts";
import { evidenceDirectory } from "../policy/evidence-directory.ts";
import { image, preparationOf, type StackWorkload, withProps } from "../policy/fleet-stack.ts";
import {
  candidate,
  cutOver,
  gated,
  proved,
  type RolloutOf,
  recordsStart,
  rehearsed,
  rolloutStack,
  stable,
  started,
  verified,
} from "../policy/rollout.ts";
import { judgedStack, type StackResource } from "../policy/stack.ts";

atJudgedTime();

const asked = { rehearsalMaximumAge: "7d" };
const stranger = testKey();
const why =
  "Why: only a rehearsal shows before the update whether the new version works, and what a way back takes.";
const run = (workload: string) =>
  `Write: a rehearsal of it that passes (run: fleet rehearse --stack prod --workload ${workload}).`;

/** The records of the canary, with what is on record of its rehearsals before its cut-over. */
function canaryWith(...rehearsals: EvidenceEntry[]): EvidenceEntry[] {
  return [...started("canary"), ...rehearsals, ...proved("canary").slice(2)];
}

const memberWith = (by: typeof key | undefined, ...rehearsals: EvidenceEntry[]): Partial<StackWorkload> => ({
  evidence: envelopes(
    { workload: "support-1", start: recordsStart },
    by,
    ...started("support-1"),
    ...rehearsals,
  ),
});

const passed = rehearsed(stable, candidate);
const failed = rehearsed(stable, candidate, "failed");

describe("canary-before-fleet, where it asks for rehearsals,", () => {
  const of = (given: Partial<RolloutOf>, config: object = asked) =>
    said(rolloutStack({ key, ...given }), config);
  const missing = (what: string, of = "canary") =>
    `support-1 image: image "${candidate}" is not rehearsed on "${stable}": the rehearsal of ${of} ${what}. ${why} ${run("support-1")}`;

  test.each<[title: string, given: Partial<RolloutOf>, messages: string[]]>([
    ["lets a wave follow a canary that has rehearsed it", { canary: { records: canaryWith(passed) } }, []],
    ["lets one follow that has rehearsed it itself", { members: [memberWith(key, passed), {}] }, []],
    ["refuses one without any on record", {}, [missing("is not on record")]],
    [
      "refuses one of another digest",
      { canary: { records: canaryWith(rehearsed(stable, image("d"))) } },
      [missing("is not on record")],
    ],
    [
      "refuses one on another release than the one that runs",
      { canary: { records: canaryWith(rehearsed(image("d"), candidate)) } },
      [missing("was on another release than the one that runs")],
    ],
    [
      "refuses one that failed",
      { canary: { records: canaryWith(failed) } },
      [missing("was failed at 2026-11-20T12:02:00.000Z")],
    ],
    [
      "refuses one that failed after it had passed",
      { canary: { records: canaryWith(passed, failed) } },
      [missing("was failed at 2026-11-20T12:03:00.000Z")],
    ],
    [
      "lets one follow that passed after it had failed",
      { canary: { records: canaryWith(failed, passed) } },
      [],
    ],
    [
      "refuses one that is too old",
      { canary: { records: canaryWith(passed), log: { start: "2026-11-13T12:00:00.000Z" } } },
      [missing("has passed at 2026-11-13T12:02:00.000Z, longer than 7d ago")],
    ],
    [
      "refuses a member whose own rehearsal failed, whatever the canary's says",
      { canary: { records: canaryWith(passed) }, members: [memberWith(key, failed), {}] },
      [missing("was failed at 2026-11-20T12:02:00.000Z", "support-1")],
    ],
    [
      "counts a failure whoever wrote it",
      { canary: { records: canaryWith(passed) }, members: [memberWith(stranger, failed), {}] },
      [missing("was failed at 2026-11-20T12:02:00.000Z", "support-1")],
    ],
    [
      "counts no pass of a stranger's",
      { members: [memberWith(stranger, passed), {}] },
      [missing("is not on record")],
    ],
    [
      "counts no pass that nobody has signed",
      { members: [memberWith(undefined, passed), {}] },
      [missing("is not on record")],
    ],
  ])("%s", (_title, given, messages) => {
    expect(of(given)).toEqual(messages);
    expect(of(given, {})).toEqual([]);
  });

  test("says of whom the rehearsal is, and that nobody trusted has signed it", () => {
    const records = envelopes({ workload: "canary", start: recordsStart }, key, ...proved("canary"));
    const foreign = envelopes({ workload: "canary", start: recordsStart, first: 9 }, stranger, passed);
    expect(of({ canary: { evidence: [...records, ...foreign] } })).toEqual([
      missing("was signed by no trusted key"),
    ]);
  });

  test("takes no rehearsal of another workload, none that was altered and none that is shown twice", () => {
    const own = envelopes({ workload: "canary", start: recordsStart }, key, ...proved("canary"));
    const others = envelopes({ workload: "support-2", start: recordsStart, first: 9 }, key, passed);
    const record = (index: number, what: string) =>
      `canary judged.evidence[${index}]: the record ${what}. Why: it was changed, or copied from somewhere else. ` +
      "Write: the records back from a copy, in the evidence directory.";
    expect(of({ canary: { evidence: [...own, ...others] } })).toEqual([
      record(5, 'is a record of "support-2" in the stack "prod"'),
      missing("is not on record"),
    ]);
    const [failure] = envelopes({ workload: "canary", start: recordsStart, first: 9 }, key, failed) as [
      never,
    ];
    const turned = altered(failure, (text) => text.replace('"failed"', '"passed"'));
    expect(of({ canary: { evidence: [...own, turned] } })).toEqual([
      expect.stringContaining(
        "canary judged.evidence: the rehearsal with number 9 has a signature that does not belong to it",
      ),
      missing("was signed by no trusted key"),
    ]);
    const [old] = envelopes({ workload: "canary", start: recordsStart, first: 9 }, key, passed) as [never];
    expect(of({ canary: { evidence: [...own, old, old] } })).toEqual([
      record(6, "does not follow the one before it"),
    ]);
  });

  test("takes no old pass in place of the failure that the program leaves out", () => {
    const records = canaryWith(passed, failed);
    const whole = envelopes({ workload: "canary", start: recordsStart }, key, ...records);
    const withoutFailure = whole.filter((_, index) => index !== 3);
    const logs = {
      "support-1": envelopes({ workload: "support-1", start: recordsStart }, key, ...started("support-1")),
      "support-2": envelopes({ workload: "support-2", start: recordsStart }, key, ...started("support-2")),
    };
    const given = { canary: { evidence: withoutFailure } };
    expect(of(given)).toEqual([]);
    expect(of(given, { ...asked, evidenceDirectory: evidenceDirectory({ ...logs, canary: whole }) })).toEqual(
      [
        expect.stringContaining(
          "canary judged.evidence: its rehearsal of 2026-11-20T12:03:00.000Z is in the evidence directory",
        ),
        missing("was failed at 2026-11-20T12:03:00.000Z"),
      ],
    );
  });

  test("counts none that is dated ahead of now", () => {
    const ahead = envelopes(
      { workload: "support-1", start: "2026-11-20T13:10:00.000Z", first: 9 },
      key,
      passed,
    );
    const evidence = [
      ...envelopes({ workload: "support-1", start: recordsStart }, key, ...started("support-1")),
      ...ahead,
    ];
    expect(of({ canary: { records: canaryWith(failed) }, members: [{ evidence }, {}] })).toEqual([
      missing("was failed at 2026-11-20T12:02:00.000Z"),
    ]);
  });

  test("asks nothing of what goes back, starts for the first time, stays, or is made by a control plane", () => {
    const wentOn = envelopes(
      { workload: "support-1", start: recordsStart },
      key,
      ...started("support-1"),
      cutOver(stable, candidate),
      gated({ workload: "support-1", image: candidate }),
      verified({ workload: "support-1", image: candidate }),
    );
    const mild = { ...asked, levels: { goingBack: "disabled", firstStart: "disabled" } };
    const back = { image: stable, from: candidate, evidence: wentOn };
    expect(of({ members: [back, {}] }, mild)).toEqual([]);
    expect(of({ members: [{ image: candidate, from: "", evidence: [] }, {}] }, mild)).toEqual([]);
    expect(of({ members: [{ image: stable, from: stable }, {}] }, mild)).toEqual([]);
    expect(of({ members: [{ managed: true }, {}] }, mild)).toEqual([]);
  });
});

describe("rollback-ready, where it asks for rehearsals,", () => {
  type Change = (stack: StackResource[]) => StackResource[];
  /** The preparation of the first member has run before, and shows its result. */
  const ranBefore: Change = (stack) =>
    withProps(stack, preparationOf("support-1"), {
      stdout: JSON.stringify({
        ...{ workload: "support-1", from: stable, to: candidate, snapshot: "1", drill: "passed" },
        rehearsal: "passed",
      }),
    });
  const told =
    (more: object): Change =>
    (stack) =>
      withProps(stack, preparationOf("support-1"), {
        stdin: JSON.stringify({ workload: { name: "support-1", image: candidate, ...more } }),
      });
  const saidOf = (given: Partial<RolloutOf>, change: Change = ranBefore, config: object = asked) =>
    judgedStack(rollbackReady, change(rolloutStack({ key, ...given })), {
      trustedKeys: [key.text],
      ...config,
    }).map(({ message }) => message);
  const untried = (what: string) =>
    `[rollback-ready] support-1 judged.from: nothing tries "${candidate}" on a copy of its state: its rehearsal ${what}. ${why} ${run("support-1")}`;
  const member = (...rehearsals: EvidenceEntry[]): Partial<RolloutOf> => ({
    members: [memberWith(key, ...rehearsals), {}],
  });

  test.each<[title: string, given: Partial<RolloutOf>, what: string | undefined]>([
    ["takes one that has passed", member(passed), undefined],
    ["asks for one of the workload itself", { canary: { records: canaryWith(passed) } }, "is not on record"],
    ["takes none of another digest", member(rehearsed(stable, image("d"))), "is not on record"],
    [
      "takes none on another release",
      member(rehearsed(image("d"), candidate)),
      "was on another release than the one that runs",
    ],
    ["takes none that failed", member(passed, failed), "was failed at 2026-11-20T12:03:00.000Z"],
    ["takes one that passed after it had failed", member(failed, passed), undefined],
    [
      "takes none of a stranger's",
      { members: [memberWith(stranger, passed), {}] },
      "was signed by no trusted key",
    ],
    [
      "takes none that nobody has signed",
      { members: [memberWith(undefined, passed), {}] },
      "was signed by no trusted key",
    ],
    [
      "takes none that is too old",
      {
        members: [
          {
            evidence: envelopes(
              { workload: "support-1", start: "2026-11-13T12:00:00.000Z" },
              key,
              ...started("support-1"),
              passed,
            ),
          },
          {},
        ],
      },
      "has passed at 2026-11-13T12:02:00.000Z, longer than 7d ago",
    ],
  ])("%s", (_title, given, what) => {
    expect(saidOf(given)).toEqual(what === undefined ? [] : [untried(what)]);
    expect(saidOf(given, ranBefore, {})).toEqual([]);
  });

  test("asks for none on record where the preparation rehearses in this update, before anything is stopped", () => {
    expect(saidOf({}, (stack) => stack)).toEqual([]);
    expect(saidOf({}, told({ rehearse: { enabled: true } }))).toEqual([]);
    expect(saidOf({}, told({ rehearse: { enabled: false } }))).toEqual([untried("is not on record")]);
    expect(saidOf(member(passed), told({ rehearse: { enabled: false } }))).toEqual([]);
  });

  test("believes the result of the preparation once the update is done, and not before", () => {
    const done: Partial<RolloutOf> = { members: [{ id: "the-new-one" }, {}] };
    expect(saidOf(done)).toEqual([]);
    expect(saidOf({})).toEqual([untried("is not on record")]);
    const left =
      (more: object): Change =>
      (stack) =>
        withProps(stack, preparationOf("support-1"), {
          stdout: JSON.stringify({
            ...{ workload: "support-1", from: stable, to: candidate, snapshot: "1", drill: "passed" },
            ...more,
          }),
        });
    expect(saidOf(done, left({ rehearsal: "passed" }))).toEqual([]);
    for (const more of [
      {},
      { rehearsal: "off" },
      { rehearsal: "passed", to: image("d") },
      { rehearsal: "passed", from: image("d") },
      { rehearsal: "passed", workload: "support-2" },
    ])
      expect(saidOf(done, left(more))).toContain(untried("is not on record"));
  });

  test("believes no program that its stack is not production", () => {
    const mild = told({ rehearse: { enabled: false }, rehearsal: true });
    expect(saidOf({}, mild)).toEqual([untried("is not on record")]);
    expect(saidOf({}, mild, {})).toEqual([]);
  });

  test("says which trusted key is none", () => {
    expect(saidOf({}, (stack) => stack, { ...asked, trustedKeys: ["x"] })).toEqual([
      expect.stringContaining("policy config trustedKeys[0]: it is no Ed25519 public key"),
    ]);
  });
});
