import { describe, expect, test } from "vitest";
import type { EvidenceEntry } from "../../lifecycle/evidence/records.ts";
import { canaryBeforeFleet } from "../../policies/canary-before-fleet.ts";
import type { CanaryFinding } from "../../policies/canary-finding.ts";
import { containerType, fleetTypes } from "../../policies/fleet-facts.ts";
import { atJudgedTime, key, said, saidOf } from "../policy/canary.ts";
import { envelopes, testKey } from "../policy/evidence.ts";
import { evidenceDirectory } from "../policy/evidence-directory.ts";
import { changed, image, type StackWorkload, withProps } from "../policy/fleet-stack.ts";
import { unknownText } from "../policy/props.ts";
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
import { allDisabled, type StackResource } from "../policy/stack.ts";

atJudgedTime();

const bake = { length: 1800, requests: 0 };
const group = `support ${fleetTypes.group}`;
const stack = rolloutStack({ key });
const of = (given: Partial<RolloutOf>) => rolloutStack({ key, ...given });
const revoked = (workload: string) => [
  ...proved(workload),
  verified({ workload, image: candidate, outcome: "failed" }),
];
const onRecord = (workload: string, ...entries: EvidenceEntry[]) =>
  envelopes({ workload, start: recordsStart }, key, ...entries);
const sold = onRecord("support-1", verified({ workload: "support-1", image: stable, group: "sales" }));
const wentOn = onRecord("support-1", ...started("support-1"), cutOver(stable, candidate));
const first: Partial<StackWorkload> = { image: stable, from: "", evidence: [] };

const provedLog = onRecord("canary", ...proved("canary"));

/** A stack with something of each kind in it. */
const stacks: Readonly<Record<CanaryFinding["kind"], readonly StackResource[]>> = {
  unknown: withProps(stack, group, { wave: unknownText }),
  malformed: withProps(stack, group, { wave: "1" }),
  badEvidence: of({ canary: { evidence: ["no envelope"] } }),
  leftOut: of({ canary: { evidence: provedLog.slice(0, 4) } }),
  logNotRead: stack,
  unconfirmed: of({
    canary: { ...first, records: [] },
    members: [first, first],
    group: { candidate: "" },
    agentImages: { agent: { stable } },
  }),
  misplaced: of({ members: [{}, { role: "member" }] }),
  noCanary: of({ canary: { role: "fleet", wave: 1 } }),
  badWaves: of({ group: { waves: [] } }),
  imitation: [...stack, { type: containerType, name: "raw", props: { name: "support-2" } }],
  differs: withProps(stack, `support-1 ${containerType}`, { image: image("e") }),
  disordered: changed(stack, `support-1 ${containerType}`, (each) => ({ ...each, dependsOn: [] })),
  unproven: of({ canary: { records: [] } }),
  revoked: of({ canary: { records: revoked("canary") } }),
  notBaked: of({ group: { bake } }),
  stale: of({ canary: { log: { start: "2026-11-01T00:00:00.000Z" } } }),
  unsigned: of({ key: testKey() }),
  notRehearsed: stack,
  moved: of({ members: [{ evidence: sold }, {}] }),
  unknownRelease: of({ agentImages: { agent: { stable, previous: image("f") } } }),
  goingBack: of({ members: [{ image: stable, from: candidate, evidence: wentOn }, {}] }),
  firstStart: of({ canary: { image: stable, records: started("canary") }, members: [first, {}] }),
};

describe("each finding of canary-before-fleet", () => {
  const kinds = Object.keys(stacks) as CanaryFinding["kind"][];

  test("is made by one of these stacks, and none of them is left out", () => {
    const levels = Object(canaryBeforeFleet.configSchema?.properties.levels).properties;
    expect(kinds.toSorted()).toEqual(Object.keys(levels).toSorted());
  });

  test.each(kinds)("has a level of its own: %s", (kind) => {
    const { levels } = allDisabled(canaryBeforeFleet);
    const settings = {
      ...(kind === "leftOut" && { evidenceDirectory: evidenceDirectory({ canary: provedLog }) }),
      ...(kind === "unconfirmed" && { evidenceDirectory: "/nowhere/at/all" }),
      ...(kind === "notRehearsed" && { rehearsalMaximumAge: "7d" }),
    };
    const told = (of: readonly StackResource[], config: object) => said(of, { ...settings, ...config });
    expect(told(stacks[kind], { levels })).toEqual([]);
    const refused = told(stacks[kind], { levels: { ...levels, [kind]: "mandatory" } });
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.filter((message) => message.startsWith("!"))).toEqual([]);
    const advice = told(stacks[kind], { levels: { ...levels, [kind]: "advisory" } });
    expect(advice).toEqual(refused.map((message) => `! ${message}`));
  });
});

describe("what several canaries have not proved", () => {
  const missing: readonly EvidenceEntry[] = [];
  const notProved = (
    first: readonly EvidenceEntry[],
    second: readonly EvidenceEntry[],
    length = 0,
  ): string[] => {
    const evidence = onRecord("second", ...second);
    const other = { name: "second", group: "support", role: "canary", image: candidate, evidence };
    return saidOf(
      { canary: { records: first }, more: [other], group: { bake: { ...bake, length } } },
      { canaries: 2 },
    ).flatMap((message) => / is not proved: its canary (.*?)\. Why/.exec(message)?.[1] ?? []);
  };

  test("is said once, and what stands in the way the most of it", () => {
    const failure = "did not pass: its verification was failed at 2026-11-20T12:05:00.000Z";
    const none = "has no verification on record that counts for the container that runs now";
    const notBaked = "has passed at 2026-11-20T12:04:00.000Z and has not yet baked for 30m";
    expect(notProved(missing, revoked("second"))).toEqual([`second ${failure}`]);
    expect(notProved(revoked("canary"), missing)).toEqual([`canary ${failure}`]);
    expect(notProved(proved("canary"), missing, bake.length)).toEqual([`second ${none}`]);
    expect(notProved(missing, proved("second"), bake.length)).toEqual([`canary ${none}`]);
    expect(notProved(proved("canary"), proved("second"), bake.length)).toEqual([`canary ${notBaked}`]);
    expect(notProved(proved("canary"), proved("second"))).toEqual([]);
  });
});

describe("what imitates a workload", () => {
  const beside = (type: string, props: object, more: readonly StackResource[] = stack) =>
    said([...more, { type, name: "raw", props }]).map((message) => message.split(":")[0]);
  const ours = image("7");
  const label = { "clawforce.workload": "x" };

  test("runs a container: nothing else has its name, its label or its image", () => {
    expect(beside("docker:index/volume:Volume", { name: "support-2" })).toEqual([]);
    expect(
      beside("docker:index/network:Network", {
        name: "support-2",
        labels: [{ label: "clawforce.workload" }],
      }),
    ).toEqual([]);
    expect(beside("docker:index/tag:Tag", { sourceImage: ours, targetImage: ours, image: ours })).toEqual([]);
    expect(beside("aws:ec2/instance:Instance", { image: ours, metadata: { labels: label } })).toEqual([]);
    expect(beside("kubernetes:core/v1:ConfigMap", { data: { agent_image: ours } })).toEqual([]);
    expect(beside("kubernetes:core/v1:ConfigMap", { metadata: { labels: { app: "x" } } })).toEqual([]);
    expect(beside("kubernetes:core/v1:ConfigMap", { metadata: { labels: label } })).toEqual(["raw labels"]);
  });

  test("is not known by an image that can't be read: that is said by other rules", () => {
    expect(beside(containerType, { image: "ghcr.io/acme/openclaw:" })).toEqual([]);
    expect(beside(containerType, { image: unknownText })).toEqual([]);
  });

  test("may have the name of an instance whose container a control plane makes and names", () => {
    const managed = rolloutStack({ key, members: [{}, { managed: true }] });
    expect(beside(containerType, { name: "support-2", image: "redis" }, managed)).toEqual([]);
    expect(beside(containerType, { name: "support-1", image: "redis" }, managed)).toEqual(["raw name"]);
  });
});

test("a workload is made anew when its container is another than the one that is there, or not known", () => {
  const message = (of: Partial<StackWorkload>) =>
    saidOf({ canary: of }).map((each) => / its canary canary (.*?)\. Why/.exec(each)?.[1]);
  const anew = ["is only brought to it in this update"];
  expect(message({ id: "another", judged: { container: "id-of-canary" } })).toEqual(anew);
  expect(message({ id: unknownText })).toEqual(anew);
  expect(message({ id: "id-of-canary" })).toEqual([]);
});

test("a workload can't say that nothing has run there when a gate or a cut-over is on record", () => {
  const told = (entry: EvidenceEntry) => {
    return saidOf({ members: [{ ...first, evidence: onRecord("support-1", entry) }, {}] }).find((each) =>
      each.startsWith("support-1 "),
    );
  };
  const message = (kind: string) =>
    `support-1 image: it says that nothing has run there, but had its ${kind} at ${recordsStart}. ` +
    "Why: what is judged has to be what runs. Write: the program of this fleet as it is: its workloads say what they find.";
  expect(told(gated({ workload: "support-1", image: stable }))).toBe(message("gate"));
  expect(told(cutOver(stable, candidate))).toBe(message("cut-over"));
  expect(told(rehearsed(stable, candidate)) ?? "").not.toContain("nothing has run there");
});
