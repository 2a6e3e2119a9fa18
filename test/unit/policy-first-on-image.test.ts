import { describe, expect, test } from "vitest";
import type { EvidenceEntry } from "../../lifecycle/evidence/records.ts";
import { atJudgedTime, key, said } from "../policy/canary.ts";
import { envelopes, type Log, testKey } from "../policy/evidence.ts";
import { fleetStack, image, type StackGroup, type StackWorkload } from "../policy/fleet-stack.ts";
import {
  baked,
  candidate,
  checksHash,
  cutOver,
  proved,
  recordsStart,
  stable,
  started,
  verified,
} from "../policy/rollout.ts";

atJudgedTime();

interface Group extends Partial<StackWorkload> {
  records?: readonly EvidenceEntry[];
  log?: Partial<Log>;
  by?: typeof key;
  settings?: StackGroup;
}

/** Groups of one on one image, each canary of which goes to the candidate unless it says otherwise. */
function groupsOf(groups: Record<string, Group>, more: readonly StackWorkload[] = []) {
  const named = Object.entries(groups).map(([group, { records, log, by = key, settings, ...given }]) => {
    const name = `${group}-canary`;
    const entries = records ?? started(name);
    const evidence = envelopes({ workload: name, start: recordsStart, ...log }, by, ...entries);
    const workload = { name, group, role: "canary", image: candidate, from: stable, evidence, ...given };
    return { group, workload, settings: { candidate, waves: [1], checksHash, ...settings } };
  });
  return fleetStack({
    workloads: [...named.map(({ workload }) => workload), ...more],
    groups: Object.fromEntries(named.map(({ group, settings }) => [group, settings])),
    agentImages: { agent: { stable, candidate } },
  });
}

const onIt = (name: string, entries: readonly EvidenceEntry[] = proved(name)): Group => ({
  from: candidate,
  records: entries,
});
const why = "Why: what one instance has not proved must not come to several groups at once.";
const verb = (names: string) => (names.includes(",") ? "go" : "goes");
const together = (names: string, first: string, at = names.split(",")[0]) =>
  `${at} image: ${names} ${verb(names)} to "${candidate}" in the same update as ${first}, and no instance has proved it. ` +
  `${why} Write: the image that runs for ${names}, and ${first} alone; the others once it has passed.`;

describe("canaries of several groups", () => {
  test("go to an image one after the other: ten groups of one are no ten proofs", () => {
    const ten = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`g${index}`, {}]));
    expect(said(groupsOf(ten))).toEqual([
      together("g1-canary, g2-canary, g3-canary, g4-canary, g5-canary and 4 more", "g0-canary"),
    ]);
  });

  test.each<[title: string, groups: Record<string, Group>, messages: string[]]>([
    ["two at once", { a: {}, b: {} }, [together("b-canary", "a-canary")]],
    [
      "two at once, of which the others wait for the one whose name comes last",
      { z: {}, c: {}, b: {} },
      [together("b-canary, c-canary", "z-canary", "b-canary")],
    ],
    ["one alone", { a: {}, b: { image: stable } }, []],
    [
      "two at once beside one that has proved another image",
      { a: {}, b: {}, c: { image: stable, records: [verified({ workload: "c-canary", image: stable })] } },
      [together("b-canary", "a-canary")],
    ],
    [
      "two after two that have not passed: the first of these by its name is told",
      { z: onIt("z-canary", started("z-canary")), y: onIt("y-canary", started("y-canary")), b: {}, a: {} },
      [
        expect.stringContaining(
          `a-canary image: a-canary, b-canary go to "${candidate}", and y-canary of the group "y" has no verification on record`,
        ),
      ],
    ],
    ["one after another that has passed", { a: onIt("a-canary"), b: {} }, []],
    ["many after one that has passed", { a: onIt("a-canary"), b: {}, c: {}, d: {} }, []],
    [
      "two at once by other names of the image",
      { a: { settings: { agentImage: "agent" } }, b: { settings: { agentImage: "browser" } } },
      [together("b-canary", "a-canary")],
    ],
    [
      "two at once by other tags of one digest",
      { a: {}, b: { image: candidate.replace("2026.4.98", "2026.4.99") } },
      [
        together("b-canary", "a-canary").replace(
          `goes to "${candidate}"`,
          `goes to "${candidate.replace("2026.4.98", "2026.4.99")}"`,
        ),
      ],
    ],
    [
      "two to images of their own",
      { a: {}, b: { image: image("c"), settings: { candidate: image("c") } } },
      [],
    ],
    [
      "two pairs to two images",
      {
        a: {},
        b: {},
        c: { image: image("c"), settings: { candidate: image("c") } },
        d: { image: image("c"), settings: { candidate: image("c") } },
      },
      [together("b-canary", "a-canary"), together("d-canary", "c-canary").replace(candidate, image("c"))],
    ],
    [
      "two at once to a release that was edited in",
      { a: { settings: { candidate: "" } }, b: { settings: { candidate: "" } } },
      [together("b-canary", "a-canary")],
    ],
  ])("%s", (_title, groups, messages) => {
    expect(said(groupsOf(groups), { levels: { unknownRelease: "disabled" } })).toEqual(messages);
  });

  const notProved = (what: string, write: string) =>
    `b-canary image: b-canary goes to "${candidate}", and a-canary of the group "a" ${what}. ${why} Write: ${write}.`;

  test.each<[title: string, first: Group, what: string, write: string]>([
    [
      "has failed on it",
      onIt("a-canary", [
        ...proved("a-canary"),
        verified({ workload: "a-canary", image: candidate, outcome: "failed" }),
      ]),
      "did not pass: its verification was failed at 2026-11-20T12:05:00.000Z",
      "the release before, for all; or make the canary pass with `pulumi up`",
    ],
    [
      "has not baked",
      { ...onIt("a-canary"), settings: { bake: { length: 600, requests: 0 } } },
      "has passed at 2026-11-20T12:04:00.000Z and has not yet baked for 10m",
      "the wave of the canary, and run `pulumi up`: it bakes the canary to the end",
    ],
    [
      "was verified by other checks",
      { ...onIt("a-canary"), settings: { checksHash: "ffffffffffffffff" } },
      "has no verification on record that counts for the container that runs now",
      "the wave of the canary (or run: pulumi up --replace '…')",
    ],
    [
      "has proved it too long ago",
      { ...onIt("a-canary"), log: { start: "2026-11-01T00:00:00.000Z" } },
      "has passed at 2026-11-01T00:04:00.000Z, longer than 14d ago",
      "the wave of the canary (or run: pulumi up --replace '…')",
    ],
    [
      "has proved it by records of a stranger",
      { ...onIt("a-canary"), by: testKey() },
      "has passed at 2026-11-20T12:04:00.000Z, and no trusted key has signed that",
      "the public key of the machine that updates into `trustedKeys` of the policy config",
    ],
  ])("wait for one of another group that %s", (_title, a, what, write) => {
    const messages = said(groupsOf({ a, b: {} })).map((each) =>
      each.replace(/--replace '[^']*'/, "--replace '…'"),
    );
    expect(messages).toEqual([notProved(what, write)]);
  });

  test("wait for no release that has grown old: it is proved still", () => {
    const old = {
      ...onIt("a-canary"),
      log: { start: "2026-11-01T00:00:00.000Z" },
      settings: { candidate: "" },
    };
    expect(
      said(groupsOf({ a: old, b: { settings: { candidate: "" } }, c: { settings: { candidate: "" } } })),
    ).toEqual([]);
    // It is the candidate of another group.
    expect(said(groupsOf({ a: old, b: {} }), { levels: { unknownRelease: "disabled" } })).toHaveLength(1);
  });

  test("may follow an instance of a fleet that has proved the image, of whatever group", () => {
    const evidence = envelopes({ workload: "a-1", start: recordsStart }, key, ...proved("a-1"));
    const member = { name: "a-1", group: "a", wave: 1, image: candidate, evidence };
    const failed = onIt("a-canary", [
      ...proved("a-canary"),
      baked({ workload: "a-canary", image: candidate, outcome: "failed" }, 1),
    ]);
    expect(said(groupsOf({ a: failed, b: {} }, [member]))).toEqual([]);
    expect(said(groupsOf({ a: failed, b: {} }))).toHaveLength(1);
  });

  test("go first one alone where only an instance of a fleet stands on the image and has not proved it", () => {
    const member = { name: "c-1", group: "c", wave: 1, image: candidate };
    const stays = { image: stable, records: [verified({ workload: "c-canary", image: stable })] };
    const messages = said(groupsOf({ a: {}, b: {}, c: stays }, [member]));
    expect(messages).toContain(together("b-canary", "a-canary"));
  });

  test("go first by their names where none of them has a verification that the others could wait for", () => {
    const stack = groupsOf({ z: {}, b: {} }).map((each) =>
      each.name.endsWith("-verification") ? { ...each, props: { ...each.props, create: "true" } } : each,
    );
    expect(said(stack).filter((each) => each.includes("no instance has proved it"))).toEqual([
      together("z-canary", "b-canary"),
    ]);
  });

  test("start for the first time and go back all at once", () => {
    const first = { from: "", image: stable, records: [], settings: { candidate: "" } };
    const mild = { levels: { firstStart: "disabled" } };
    expect(said(groupsOf({ a: first, b: first }), mild)).toEqual([]);
    const back = (name: string): Group => ({
      image: stable,
      from: candidate,
      records: [...started(name), cutOver(stable, candidate)],
      settings: { candidate: "" },
    });
    expect(
      said(groupsOf({ a: back("a-canary"), b: back("b-canary") }), { levels: { goingBack: "disabled" } }),
    ).toEqual([]);
  });

  test("may follow one whose container is made anew for something else, by what it has proved before", () => {
    const anew = { ...onIt("a-canary"), judged: { container: "id-of-a-canary" }, id: "another" };
    expect(said(groupsOf({ a: anew, b: {}, c: {} }))).toEqual([]);
    const failed = verified({ workload: "a-canary", image: candidate, outcome: "failed" });
    const sick = { ...anew, records: [...proved("a-canary"), failed] };
    expect(said(groupsOf({ a: sick, b: {} }))).toHaveLength(1);
  });
});
