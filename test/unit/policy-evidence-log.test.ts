import { chmodSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { EvidenceEntry } from "../../lifecycle/evidence/records.ts";
import { EvidenceFolder } from "../../policies/evidence-folder.ts";
import { oneTrackPerWindow } from "../../policies/one-track-per-window.ts";
import { atJudgedTime, key, said, unproved, why } from "../policy/canary.ts";
import { envelopes, testKey } from "../policy/evidence.ts";
import { addToLog, evidenceDirectory } from "../policy/evidence-directory.ts";
import { image, type StackWorkload } from "../policy/fleet-stack.ts";
import { unknownText } from "../policy/props.ts";
import {
  baked,
  candidate,
  cutOver,
  gated,
  judgedAt,
  proved,
  type RolloutOf,
  recordsStart,
  rehearsed,
  rolloutStack,
  stable,
  started,
  verified,
} from "../policy/rollout.ts";
import { judgedStack } from "../policy/stack.ts";

atJudgedTime();

const failed = verified({ workload: "canary", image: candidate, outcome: "failed" });
const logOf = (workload: string, entries: readonly EvidenceEntry[], by = key) =>
  envelopes({ workload, start: recordsStart }, by, ...entries);
const whole = logOf("canary", [...proved("canary"), failed]);

/** The logs of a fleet in which all is as the program says. */
const logs = {
  canary: logOf("canary", proved("canary")),
  "support-1": logOf("support-1", started("support-1")),
  "support-2": logOf("support-2", started("support-2")),
};

/** What the rule says with an evidence directory, in which the logs are these. */
function saidWith(directory: string, of: Partial<RolloutOf> = {}, config: object = {}): string[] {
  return said(rolloutStack({ key, ...of }), {
    evidenceDirectory: directory,
    levels: { logNotRead: "advisory" },
    ...config,
  });
}

const leftOut = (workload: string, what: string) =>
  `${workload} judged.evidence: ${what}. Why: what a program leaves out may be the failure that stops it. ` +
  "Write: the program of this fleet as it is: it hands on the newest records of each kind.";
const notRead = (what: string) =>
  `! policy config evidenceDirectory: ${what}. Why: a program could leave its newest records out. ` +
  "Write: the folder of `clawforce:evidence.directory`, and run it on the machine that updates.";
const revoked = unproved(
  "did not pass: its verification was failed at 2026-11-20T12:05:00.000Z",
  `${why} Write: the release before, for all; or make the canary pass with \`pulumi up\`.`,
);

describe("the evidence directory", () => {
  test("is read where it is named, and changes nothing where the program hands on what is in it", () => {
    expect(saidWith(evidenceDirectory(logs))).toEqual([]);
  });

  test("tells a failure that the program leaves out", () => {
    const directory = evidenceDirectory({ ...logs, canary: whole });
    const gone = leftOut(
      "canary",
      "its verification of 2026-11-20T12:05:00.000Z is in the evidence directory, and the program leaves it out",
    );
    expect(saidWith(directory)).toEqual([gone, revoked]);
    expect(saidWith(directory, { canary: { evidence: whole } })).toEqual([revoked]);
  });

  test("is taken for whole where nothing is handed on at all", () => {
    const directory = evidenceDirectory(logs);
    const members = [{ evidence: [] }, { evidence: [] }] as const;
    const messages = saidWith(directory, { canary: { evidence: [] }, members });
    expect(messages.map((each) => each.split(":")[0])).toEqual([
      "canary judged.evidence",
      "support-1 judged.evidence",
      "support-2 judged.evidence",
    ]);
  });

  test("tells a way back that the program hides by saying that all is a first start", () => {
    const first: Partial<StackWorkload> = { image: candidate, from: "", evidence: [] };
    const lie: Partial<RolloutOf> = {
      canary: { ...first },
      members: [first, first],
      group: { candidate: "" },
      agentImages: { agent: { stable: candidate } },
    };
    const messages = saidWith(evidenceDirectory(logs), lie, { levels: { leftOut: "disabled" } });
    expect(messages).toContainEqual(
      expect.stringContaining(
        "canary image: it says that nothing has run there, but had its cut-over at 2026-11-20T12:02:00.000Z",
      ),
    );
    // An evidence directory in which there is nothing bears it out.
    expect(saidWith(evidenceDirectory(), lie).map((each) => each.slice(0, 15))).toEqual(["! support image"]);
  });

  test("refuses a record that is another one there", () => {
    const other = logOf("canary", [
      ...started("canary"),
      cutOver(image("d"), candidate),
      ...proved("canary").slice(3),
    ]);
    expect(saidWith(evidenceDirectory({ ...logs, canary: other }))).toEqual([
      leftOut("canary", "its record 3 is another one than in the evidence directory"),
    ]);
  });

  test("tells nothing of what was written since this run began: its program could not have handed it on", () => {
    const later = envelopes(
      { workload: "canary", start: new Date(judgedAt.getTime() - 60_000 * 4).toISOString() },
      key,
      ...proved("canary"),
      failed,
    );
    const folder = new EvidenceFolder(evidenceDirectory({ canary: later }), judgedAt.getTime());
    const owner = { stack: "prod", workload: "canary" };
    const kinds = folder.recordsOf(owner, [candidate, stable])?.entries.map(({ record }) => record.sequence);
    expect(kinds).toEqual([1, 2, 3, 4, 5]);
    expect(folder.recordsOf(owner, [candidate])?.length).toBe(6);
  });

  test("has of a long log the newest of each kind and image, and the last of each kind", () => {
    const many = [stable, candidate, image("d")].flatMap((each) =>
      Array.from({ length: 5 }, () => gated({ workload: "canary", image: each })),
    );
    const folder = new EvidenceFolder(
      evidenceDirectory({ canary: logOf("canary", many) }),
      judgedAt.getTime(),
    );
    const of = (...images: string[]) =>
      folder
        .recordsOf({ stack: "prod", workload: "canary" }, images)
        ?.entries.map(({ record }) => record.sequence);
    expect(of(stable, "")).toEqual([3, 4, 5, 15]);
    expect(of(candidate, image("d"))).toEqual([8, 9, 10, 13, 14, 15]);
  });

  test.each<[title: string, directory: () => string, what: string]>([
    ["none is named", () => "", "the evidence directory was not read: no folder is named"],
    [
      "it is not there",
      () => "/nowhere/at/all",
      "the evidence directory was not read: /nowhere/at/all is not there",
    ],
    [
      "it is a file",
      () => join(evidenceDirectory(logs), "prod", "canary", "records.jsonl"),
      "the evidence directory was not read: … can't be read",
    ],
    [
      "it is another one",
      () => evidenceDirectory(),
      "the records of canary, support-1, support-2 in the evidence directory are damaged, or end before those of the program",
    ],
    [
      "a log of it is damaged",
      () => {
        const directory = evidenceDirectory(logs);
        addToLog(directory, "support-2", `${JSON.stringify(logs.canary[0])}\n`);
        return directory;
      },
      "the records of support-2 in the evidence directory are damaged, or end before those of the program",
    ],
  ])("is said not to be read in one line where %s", (_title, directory, what) => {
    const messages = saidWith(directory()).map((each) => each.replace(/read: \/\S+ can/, "read: … can"));
    expect(messages).toEqual([notRead(what)]);
  });

  test("is said not to be read where a log may not be read", () => {
    const directory = evidenceDirectory(logs);
    chmodSync(join(directory, "prod", "canary"), 0o000);
    const messages = saidWith(directory);
    chmodSync(join(directory, "prod", "canary"), 0o700);
    // The owner of all files reads them all the same.
    expect(messages.length).toBe(process.getuid?.() === 0 ? 0 : 1);
  });

  test("goes on over a line that a kill has cut off, and over no other", () => {
    const directory = evidenceDirectory(logs);
    addToLog(directory, "canary", '{"payloadType":"application/vnd');
    expect(saidWith(directory)).toEqual([]);
  });

  test("is read once for all rules, and again when it has changed", () => {
    const directory = evidenceDirectory(logs);
    const file = join(directory, "prod", "canary", "records.jsonl");
    const folder = () => new EvidenceFolder(directory, judgedAt.getTime());
    const read = () => folder().recordsOf({ stack: "prod", workload: "canary" }, [candidate])?.length;
    const { size } = statSync(file);
    utimesSync(file, judgedAt, judgedAt);
    expect(read()).toBe(5);
    writeFileSync(file, "\n".repeat(size));
    utimesSync(file, judgedAt, judgedAt);
    expect(read()).toBe(5);
    writeFileSync(file, "\n".repeat(size + 1));
    utimesSync(file, judgedAt, judgedAt);
    expect(read()).toBe(0);
    writeFileSync(file, `${logs.canary.map((each) => JSON.stringify(each)).join("\n")}\n`);
    expect(read()).toBe(5);
  });

  test("is left by no name of a workload", () => {
    const folder = new EvidenceFolder(evidenceDirectory(logs), judgedAt.getTime());
    const read = (workload: string, stack = "prod") => folder.recordsOf({ stack, workload }, [stable]);
    expect(read("canary")?.length).toBe(5);
    for (const name of ["", "..", "../prod/canary", "a/b", ".hidden", "canary/../canary"])
      expect(read(name), name).toBeUndefined();
    expect(read("canary", "../prod")).toBeUndefined();
    expect(read("never-there")?.length).toBe(0);
  });

  test("is not said of a program without a fleet", () => {
    const network = { type: "docker:index/network:Network", name: "net", props: {} };
    expect(said([network], { levels: { logNotRead: "mandatory" } })).toEqual([]);
  });

  test("tells one-track-per-window of an update of the other track that the program leaves out", () => {
    const plane = image("1", "ghcr.io/acme/clawforce");
    const moved = [
      gated({ workload: "plane", image: image("2", "ghcr.io/acme/clawforce") }),
      cutOver(image("2", "ghcr.io/acme/clawforce"), plane),
    ];
    const evidence = envelopes({ workload: "plane", start: recordsStart }, key, ...moved);
    const stack = rolloutStack({
      key,
      more: [{ name: "plane", image: plane, evidence: evidence.slice(0, 1) }],
    });
    const told = (config: object) =>
      judgedStack(oneTrackPerWindow, stack, { trustedKeys: [key.text], ...config }).map(
        ({ message }) => message,
      );
    expect(told({})).toEqual([]);
    const directory = evidenceDirectory({ ...logs, plane: evidence });
    expect(told({ evidenceDirectory: directory })).toEqual([
      expect.stringContaining(
        "plane of the other track was updated at 2026-11-20T12:01:00.000Z, less than 12h ago",
      ),
    ]);
  });
});

describe("a container that is made anew", () => {
  const anew = (of: Partial<StackWorkload>, config: object = {}) =>
    said(rolloutStack({ key, members: [{}, { id: unknownText, ...of }] }), config);
  const unknown = (reference: string) => [
    `support-2 image: it is made anew on "${reference}", which it says it runs, and none of its records knows that image. ` +
      "Why: so another image could pass for the one that runs. " +
      "Write: the image as `candidate` where it is new; where it has run, its records back into the evidence directory.",
  ];
  const onRecord = (entries: readonly EvidenceEntry[], by: typeof key | undefined = key) =>
    envelopes({ workload: "support-2", start: recordsStart }, by, ...entries);

  test.each<[title: string, of: Partial<StackWorkload>, messages: string[]]>([
    ["on what its records know", { image: stable }, []],
    ["on the new image, as if it ran that already", { image: candidate }, unknown(candidate)],
    ["on an image of which nobody has heard", { image: image("e") }, unknown(image("e"))],
    ["with nothing on record", { image: stable, evidence: [] }, unknown(stable)],
    [
      "with a rehearsal alone on record",
      { image: candidate, evidence: onRecord([rehearsed(stable, candidate)]) },
      unknown(candidate),
    ],
    ...[
      verified({ workload: "support-2", image: candidate }),
      gated({ workload: "support-2", image: candidate }),
      baked({ workload: "support-2", image: candidate }, 60),
      cutOver(stable, candidate),
      begun(candidate),
    ].map((entry): [string, Partial<StackWorkload>, string[]] => [
      `with its ${entry.kind} alone on record`,
      { image: candidate, evidence: onRecord([entry]) },
      [],
    ]),
    [
      "as an adoption of what has run under another name",
      { image: candidate, move: "adopt" },
      unknown(candidate),
    ],
    ["as an adoption, with nothing on record", { image: candidate, move: "adopt", evidence: [] }, []],
    ["after its records began anew", { image: stable, evidence: onRecord([begun(stable)]) }, []],
    ["by a control plane, with nothing on record", { image: stable, managed: true, evidence: [] }, []],
    [
      "by a control plane, on an image of which nobody has heard",
      { image: image("e"), managed: true },
      unknown(image("e")),
    ],
  ])("%s", (_title, { managed, ...of }, messages) => {
    const given = managed === true ? { ...of, managed } : of;
    const stack = rolloutStack({ key, members: [{}, { id: unknownText, ...given }] });
    const runs =
      managed === true
        ? stack.map((each) =>
            each.name === "support-2-move"
              ? { ...each, props: { ...each.props, stdout: unknownText } }
              : each,
          )
        : stack;
    expect(said(runs, { levels: { firstStart: "disabled", goingBack: "disabled" } })).toEqual(messages);
  });

  test("is known by signed records alone, except a control plane's", () => {
    const by = testKey();
    const unsigned = `support-2 image: it is made anew on "${stable}", and only records that no trusted key has signed know that image. Why: whoever can write the file could have written it. Write: a pass on record`;
    const of = { image: stable, evidence: onRecord(started("support-2"), by) };
    expect(anew(of)).toEqual([
      expect.stringMatching(
        / Write: a pass on record .* \(run: pulumi up --replace '.*::support-2-verification'\)\.$/,
      ),
    ]);
    expect(anew(of)[0]).toContain(unsigned);
    expect(anew(of, { trustedKeys: [] })).toContainEqual(
      expect.stringContaining(
        "Write: the public key of the machine that updates into `trustedKeys` of the policy config: it has none.",
      ),
    );
    const plane = image("1", "ghcr.io/acme/clawforce");
    const ofPlane = (reference: string) =>
      said(
        rolloutStack({
          key,
          more: [
            {
              ...{ name: "plane", image: reference, id: unknownText },
              evidence: envelopes({ workload: "plane" }, by, verified({ workload: "plane", image: plane })),
            },
          ],
        }),
      );
    expect(ofPlane(plane)).toEqual([]);
    expect(ofPlane(image("2", "ghcr.io/acme/clawforce"))).toEqual([
      expect.stringContaining("plane image: it is made anew on"),
    ]);
  });
});

describe("a fleet of which nothing is on record", () => {
  const first: Partial<StackWorkload> = { image: stable, from: "", evidence: [] };
  const fleet = (of: Partial<StackWorkload> = {}): Partial<RolloutOf> => ({
    canary: { ...first, ...of },
    members: [
      { ...first, ...of },
      { ...first, ...of },
    ],
    group: { candidate: "" },
    agentImages: { agent: { stable } },
  });
  const unconfirmed = (names: string) =>
    `policy config evidenceDirectory: nothing is on record of ${names}, which are to start on "${stable}", and the evidence directory was not read. ` +
    "Why: a program that leaves its records out would bring a whole fleet to an image that nobody has tried. " +
    "Write: the folder of `clawforce:evidence.directory`, and run it on the machine that updates; before the first start of all, make that folder.";
  const mild = { levels: { firstStart: "disabled", logNotRead: "disabled" } };
  const nowhere = { evidenceDirectory: "/nowhere/at/all" };
  const of = (given: Partial<RolloutOf>, config: object = nowhere) =>
    said(rolloutStack({ key, ...given }), { ...mild, ...config });

  test("starts once the evidence directory says so too", () => {
    expect(of(fleet())).toEqual([unconfirmed("canary, support-1, support-2")]);
    expect(of(fleet(), { evidenceDirectory: evidenceDirectory() })).toEqual([]);
    // Where no configuration asks for it, two lines warn.
    const told = of(fleet(), { levels: { logNotRead: "advisory" } });
    expect(told.map((each) => each.slice(0, 15))).toEqual(["! policy config", "! support image"]);
  });

  test("is taken over from others, and from a control plane, on the same terms", () => {
    expect(of(fleet({ from: stable, move: "adopt", id: unknownText }))).toEqual([
      unconfirmed("canary, support-1, support-2"),
    ]);
    expect(
      of(fleet({ from: stable, move: "adopt", id: unknownText }), { evidenceDirectory: evidenceDirectory() }),
    ).toEqual([]);
  });

  test("is no instance alone, and no group of which one has records", () => {
    const one = { ...first, name: "sales-1", group: "sales", role: "canary" } as StackWorkload;
    expect(of({ more: [one] })).toEqual([]);
    expect(of({ more: [one, { ...one, name: "sales-2", role: "fleet" }] })).toEqual([
      unconfirmed("sales-1, sales-2"),
    ]);
    expect(of({ members: [{ image: stable, from: stable }, first] })).toEqual([]);
  });
});

function begun(reference: string): EvidenceEntry {
  return { kind: "begun", image: reference, container: "c", because: "lost" };
}
