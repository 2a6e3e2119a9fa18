import { describe, expect, test } from "vitest";
import {
  envelope,
  type Of,
  one,
  plane,
  type Resource,
  refusalsOf,
  reviewed,
  two,
  updated,
  withContainer,
  workload,
} from "./review-fixture.ts";

describe("claims", () => {
  const told = (what: string, why: string, write: string) =>
    `[claims] canary: ${what}. Why: ${why}. Write: ${write}.`;

  test.each<[string, Resource[], string]>([
    [
      "tells nothing",
      updated({ judged: { move: 7 } }),
      told(
        "its component does not say in a readable form what happens to it",
        "the policy pack had nothing to judge it by",
        "`judged` among the outputs of its component, as components/workload.ts has it",
      ),
    ],
    [
      "says nothing new in this run, so that the facts of the run before would count",
      updated().map(({ outputs: _, ...each }) => each),
      told(
        "its component does not say in a readable form what happens to it",
        "the policy pack had nothing to judge it by",
        "`judged` among the outputs of its component, as components/workload.ts has it",
      ),
    ],
    [
      "has no container",
      updated({ resources: { canary: undefined } }),
      told(
        "it has no container of its own name below its component",
        "nothing shows what happens to it",
        "what runs it below its component, as components/ has it",
      ),
    ],
    [
      "is told to be of the other track",
      updated({ judged: { track: "control-plane" } }),
      told(
        'the policies were told that it is part of the track "control-plane", but it stands in the track "runtime"',
        "two tracks would change in one window and look like one",
        "the track that it stands in",
      ),
    ],
    [
      "would run another image than was told",
      withContainer("after", { inputs: { image: plane } }),
      told(
        "the policies were told that it is to run 222222222222, but it would run aaaaaaaaaaaa",
        "the policy pack has judged another image",
        "one image, and no `ignoreChanges` on it",
      ),
    ],
    [
      "runs another image than was told",
      updated({ judged: { from: plane } }),
      told(
        "the policies were told that it runs aaaaaaaaaaaa so far, but by the engine's state it runs 111111111111",
        "it was changed outside of this program, or an update of it was interrupted. What would be replaced is not what was judged",
        "the state as it is first: `pulumi refresh`, or `fleet recover` after a deployer that died",
      ),
    ],
    [
      "that a control plane manages has been moved past this program",
      updated({ managed: true, judged: { from: "other" } }),
      told(
        'the policies were told that it runs "other" so far, but by the engine\'s state it runs 111111111111',
        "it was changed outside of this program, or an update of it was interrupted. What would be replaced is not what was judged",
        "nothing until it is known who has moved it; `fleet status` says what runs",
      ),
    ],
    [
      "is another container than was told",
      updated({ judged: { container: "0123456789abcdef" } }),
      told(
        "the policies were told of the container 0123456789ab, but the engine's state has canary-conta",
        "the proof is of another container",
        "the state as it is first: `pulumi refresh`",
      ),
    ],
    [
      "is told to start for the first time although its container is there",
      updated({ judged: { move: "first" } }),
      told(
        'the policies were told that it starts for the first time, but its container is there: "replace"',
        "its records are gone, and with them what it can be set back to",
        "its records back into the evidence directory",
      ),
    ],
    [
      "is told to move, and its container stays: a target, or ignored changes",
      updated({ op: "same" }),
      told(
        'the policies were told that it moves (forward), but its container would not be made anew: "same"',
        "it would go on running what it runs, and look updated",
        "no `--target` and no `ignoreChanges` on its image",
      ),
    ],
    [
      "is told to move, and the command that moves it is only noted",
      updated({ op: "update", managed: true }),
      told(
        'the policies were told that it moves (forward), but the command that moves it would not be made anew: "update"',
        "it would go on running what it runs, and look updated",
        "no `--target` and no `ignoreChanges` on its image",
      ),
    ],
    [
      "is told to stay on its image and gets another one",
      updated({ judged: { move: "none" } }),
      told(
        "the policies were told that it stays on its image, but it would go from 111111111111 to 222222222222",
        "an update that is not told as one passes every rule about updates",
        "the image that it runs, or a candidate",
      ),
    ],
    [
      "is set back to nobody knows what",
      workload("canary", { op: "replace", judged: { move: "restore", restore: { snapshot: "" } } }),
      told(
        "its state would be set back, and nobody says to which snapshot",
        "it is not known what would be lost",
        "the snapshot as `restore` of the workload",
      ),
    ],
  ])("refuses a workload that %s", (_, resources, refusal) => {
    expect(refusalsOf(resources)).toEqual([refusal]);
  });

  test("says once that an update was interrupted between the old container and the new one", () => {
    const interrupted = workload("canary", { from: two, image: one, judged: { from: one, move: "none" } });
    expect(reviewed(interrupted)).toMatchObject({
      refusals: [
        expect.stringContaining(
          "the policies were told that it runs 111111111111 so far, but by the engine's state it runs 222222222222",
        ),
      ],
      warnings: [],
    });
  });

  test("lets be what was told: an update, a managed one, a way back, a first start, another configuration, a removal", () => {
    const alike: Of[] = [
      {},
      { managed: true },
      { judged: { move: "back", restore: { snapshot: "0123456789", takenAt: "unknown" } } },
      { judged: { container: "" } },
      { image: one, op: "create", judged: { move: "first", from: one, container: "" } },
      { image: one, op: "create", judged: { move: "adopt", container: "" } },
      { image: one, op: "replace" },
      { image: one, op: "update" },
    ];
    for (const of of alike) expect(refusalsOf(updated(of)), JSON.stringify(of)).toEqual([]);
  });
});

describe("one-track", () => {
  const both = (plane_: Of, fleet: Of) => [
    ...workload("clawforce", { controlPlane: true, ...plane_ }),
    ...workload("canary", fleet),
  ];

  test("refuses a control plane and an instance that get other images in one update", () => {
    expect(refusalsOf(both({ image: two }, { image: two }))).toEqual([
      "[one-track] the fleet: clawforce and canary would get other images in one update. Why: a fault afterwards has two suspects. " +
        "Write: one of the two changes now, the other one in a window of its own.",
    ]);
  });

  test("warns where one of them only gets another configuration", () => {
    const review = reviewed(both({ image: two }, { op: "replace" }));
    expect(review.refusals).toEqual([]);
    expect(review.warnings).toEqual([
      "[one-track] the fleet: clawforce and canary would be made anew in one update. Why: a fault afterwards has two suspects. " +
        "Write: one of the two changes now, the other one in a window of its own.",
    ]);
  });

  test("lets be one track, a way back beside an update, and first starts", () => {
    const back: Of = { image: two, judged: { move: "back", restore: { snapshot: "0123456789" } } };
    const first: Of = { op: "create", judged: { move: "first", container: "" } };
    for (const resources of [both({ image: two }, {}), both(back, { image: two }), both(first, first)]) {
      const { refusals, warnings } = reviewed(resources);
      expect([...refusals, ...warnings]).toEqual([]);
    }
  });
});

describe("move-first", () => {
  const inputs = { track: "runtime", group: "other", role: "fleet", wave: 0, image: one };
  const moved = (of: Of) =>
    workload("canary", of).map((each) =>
      each.urn.endsWith("Workload::canary") ? { ...each, before: { ...each.before, inputs } } : each,
    );
  const what = 'it is moved (group "other" -> "support", role "fleet" -> "canary")';

  test("refuses another place and another image at once", () => {
    expect(refusalsOf(moved({ image: two }))).toEqual([
      `[move-first] canary: ${what} and gets another image. Why: its new place would let it skip the canary of the old one, ` +
        "or be a canary that nothing was learned from. Write: the move alone, and the image in a later change.",
    ]);
  });

  test("warns of another place alone", () => {
    expect(reviewed(moved({})).warnings).toEqual([
      `[move-first] canary: ${what}. Why: from the next rollout on it is updated at another time. Write: nothing, if that is meant.`,
    ]);
  });
});

describe("way-back", () => {
  const record = (kind: string, image: string, databases: object, more: object = {}) =>
    envelope({ kind, image, markers: { databases, ...more } });
  const at = (userVersion: number, more: object = {}) => ({ userVersion, schema: "5f1c", ...more });
  const back = (evidence: object[], more: object = {}) =>
    workload("canary", { from: two, image: one, judged: { move: "back", evidence, ...more } });
  const moved = [record("snapshot", one, { "a.sqlite": at(1) }), record("state", two, { "a.sqlite": at(2) })];
  const write = "Write: `restore` of the workload: the snapshot that the older version left.";

  test("refuses an older version on a state that has moved", () => {
    expect(refusalsOf(back(moved))).toEqual([
      "[way-back] canary: it goes back, its state stays, and the newer version has moved that (a.sqlite 1 (schema 5f1c) -> 2 (schema 5f1c)). " +
        `Why: the older version can't read it, or damages it. ${write}`,
    ]);
  });

  test("refuses an older version on a state that nobody has looked at", () => {
    expect(refusalsOf(back([envelope({ kind: "verification", image: two }), {}]))).toEqual([
      "[way-back] canary: it goes back, its state stays, and nothing on record says what the newer version did to it. " +
        `Why: the newer version may have died in the middle of a migration. ${write}`,
    ]);
  });

  test("warns where nothing says what the older version's state was", () => {
    expect(reviewed(back(moved.slice(1)))).toMatchObject({
      refusals: [],
      warnings: [
        "[way-back] canary: it goes back, its state stays, and nothing on record says what its state was under the older version. " +
          "Why: it can't be told whether the newer version has moved it. Write: nothing, if the older version is known to read it.",
      ],
    });
  });

  test.each([
    [
      "migrations",
      { a: at(0) },
      { a: at(0, { migrations: { goose_db_version: { version: "12", rows: "1" } } }) },
      {},
    ],
    ["another schema", { a: at(1) }, { a: at(1, { schema: "other" }) }, {}],
    ["a database that is gone", { a: at(1) }, {}, {}],
    ["a database that is new", {}, { a: at(1) }, {}],
    ["a database that could not be read", { a: { unreadable: "x" } }, { a: { unreadable: "x" } }, {}],
    ["records that know only versions", { a: 1 }, { a: 1 }, {}],
    ["a newer stamp", {}, {}, { configVersion: "2" }],
    ["a file that was put aside", {}, {}, { archives: { "cron/jobs.json.migrated": "2 bytes" } }],
  ])("refuses to leave the state as it is after %s", (_, then, now, more) => {
    const evidence = [record("snapshot", one, then), record("state", two, now, more)];
    expect(refusalsOf(back(evidence))).toHaveLength(1);
  });

  test("lets be a state that comes back too, one that has not moved, and one that a control plane takes care of", () => {
    const same = [
      record("snapshot", one, { a: at(1) }, { archives: {}, configVersion: "1" }),
      record("state", two, { a: at(2) }),
      record("state", two, { a: at(1), b: at(1) }, { archives: {}, configVersion: "1" }),
    ];
    expect(refusalsOf(back(moved, { restore: { snapshot: "0123456789" } }))).toEqual([]);
    expect(refusalsOf(back(same))).toEqual([]);
    expect(
      refusalsOf(workload("canary", { from: two, image: one, managed: true, judged: { move: "back" } })),
    ).toEqual([]);
  });

  test("warns of an older version that never ran here, as far as tags tell", () => {
    const warnings = (from: string, image: string) => reviewed(workload("canary", { from, image })).warnings;
    expect(warnings(two, one)).toEqual([
      "[way-back] canary: 1.0.0 is older than 2.0.0, and nothing on record says that it ever ran here. Why: no snapshot belongs " +
        "to it, so its state stays as the newer version has left it. Write: a release that is on record, or a drill of the old version on a copy first.",
    ]);
    const tagged = (image: string, tag: string) => image.replace(/:\d\.0\.0@/, `:${tag}@`);
    expect(warnings(tagged(one, "v1.10"), tagged(two, "v1.9"))).toHaveLength(1);
    for (const [from, to] of [
      ["1.9", "1.10"],
      ["1.2", "1.2.1"],
      ["2", "sha-1a"],
      ["1.2", "1.2"],
      ["2x", "1x"],
    ]) {
      expect(warnings(tagged(one, from ?? ""), tagged(two, to ?? "")), `${from} ${to}`).toEqual([]);
    }
  });
});
