import type { StackValidationPolicy } from "@pulumi/policy";
import { describe, expect, test } from "vitest";
import { canaryBeforeFleet } from "../../policies/canary-before-fleet.ts";
import { commandType } from "../../policies/fleet-facts.ts";
import { oneTrackPerWindow } from "../../policies/one-track-per-window.ts";
import { rollbackReady } from "../../policies/rollback-ready.ts";
import { snapshotBeforeChange } from "../../policies/snapshot-before-change.ts";
import { changed, fleetStack, type StackFleet, type StackWorkload } from "../policy/fleet-stack.ts";
import { unknownText } from "../policy/props.ts";
import {
  a,
  at,
  b,
  c,
  canary,
  changedSet,
  edited,
  fleetOfSets,
  options,
  refusals,
  refused,
  resting,
  second,
  set,
  start,
  updated,
} from "../policy/set-stack.ts";
import { judgedStack, type StackResource } from "../policy/stack.ts";

const plane: StackWorkload = { name: "plane", image: a };
const rests: StackFleet = { workloads: [{ ...canary, image: a }, second] };

describe("a fleet on Kubernetes", () => {
  test.each<[string, StackFleet]>([
    ["that does not change", rests],
    ["whose canary is updated", { workloads: [canary, second] }],
    [
      "that starts for the first time",
      {
        workloads: [
          { ...canary, image: a, from: "" },
          { ...second, from: "" },
        ],
      },
    ],
    ["whose control plane stays while the canary is updated", { workloads: [plane, canary, second] }],
  ])("%s is refused by no rule", (_, fleet) => {
    const unsaid = [/previous/, /nothing is on record of plane/];
    expect(refusals(fleetOfSets(fleet)).filter((line) => !unsaid.some((each) => each.test(line)))).toEqual(
      [],
    );
  });

  /** What the rules about a fleet say of it, whatever it runs on; without where it runs they would say nothing. */
  test.each<[string, StackFleet, rule: StackValidationPolicy, says: RegExp]>([
    [
      "goes to an image as a whole",
      { workloads: [canary, { ...second, image: b, from: a }] },
      canaryBeforeFleet,
      /\[canary-before-fleet\] second /,
    ],
    [
      "changes on both tracks",
      { workloads: [{ ...plane, image: b, from: a }, canary, second] },
      oneTrackPerWindow,
      /brings canary to another image too/,
    ],
    [
      "leaves an image without a digest",
      { workloads: [{ ...canary, from: "ghcr.io/acme/openclaw:1" }, second] },
      rollbackReady,
      /which has no digest/,
    ],
    ["has no canary", { workloads: [second] }, canaryBeforeFleet, /it has no canary/],
    [
      "says another move",
      { workloads: [{ ...canary, move: "none" }, second] },
      canaryBeforeFleet,
      /it says that its move is "none"/,
    ],
  ])("is judged as one of containers: one that %s", (_, fleet, rule, says) => {
    const messages = refused(rule, fleetOfSets(fleet));
    expect(messages).toEqual(
      refused(rule, fleetStack(fleet)).filter((line) => !/nothing in the program keeps/.test(line)),
    );
    expect(messages.join("\n")).toMatch(says);
  });

  test("is warned once that a node may keep no image that is left", () => {
    const warned = (stack: readonly StackResource[]) =>
      judgedStack(rollbackReady, stack)
        .filter(({ level }) => level === "advisory")
        .map(({ message }) => message.split("\n")[1]);
    const why =
      "Why: a node fetches images by itself and deletes those that nothing runs, so the way back may need the registry. " +
      "Write: nothing, if the registry keeps that image and the cluster can reach it.";
    const keeps = "[rollback-ready] canary judged.from: nobody can see here whether a node keeps";
    expect(warned(updated)).toEqual([`${keeps} "${a}", which canary leaves. ${why}`]);
    const both = { workloads: [canary, { ...second, image: b, from: c }] };
    expect(warned(fleetOfSets(both))).toEqual([
      `${keeps} "${a}", "${c}", which canary, second leave. ${why}`,
    ]);
    const alike = { workloads: [canary, { ...second, image: b, from: a }] };
    expect(warned(fleetOfSets(alike))).toEqual([`${keeps} "${a}", which canary, second leave. ${why}`]);
    expect(warned(resting)).toEqual([]);
    expect(warned(fleetStack({ workloads: [canary, second] }))).toEqual([]);
  });

  const differs = (what: string) =>
    `[canary-before-fleet] canary image: ${what}. Why: what is judged has to be what runs. Write: the program of this fleet as it is: its workloads say what they find.`;

  test.each<[string, StackResource[], string[]]>([
    [
      "another image",
      edited(`${at}.containers[0].image`, c),
      [differs(`its container has "${c}", but it says "${b}"`)],
    ],
    [
      "one that is not known",
      edited(`${at}.containers[0].image`, unknownText),
      [
        "[canary-before-fleet] canary spec.template.spec.containers[0].image: the image of its container is not known at preview. Why: nobody can say whether it is proved. Write: the reference of its workload as literal text, with its digest.",
      ],
    ],
    [
      "a second container",
      edited(`${at}.containers[1]`, { name: "more", image: c }),
      [differs("its pod has 1 more container beside its own")],
    ],
    [
      "a container before its own",
      edited(`${at}.initContainers`, [{ name: "more", image: c }]),
      [differs("its pod has 1 more container beside its own")],
    ],
    [
      "a container that is put in later",
      edited(`${at}.ephemeralContainers`, [{ name: "more", image: c }]),
      [differs("its pod has 1 more container beside its own")],
    ],
    [
      "two more containers",
      edited(`${at}.initContainers`, [
        { name: "more", image: c },
        { name: "most", image: c },
      ]),
      [differs("its pod has 2 more containers beside its own")],
    ],
    ["an empty list of containers before its own", edited(`${at}.initContainers`, []), []],
    ...[unknownText, [unknownText], "more", ["more"]].map((given): [string, StackResource[], string[]] => [
      `containers before its own that can't be counted: ${JSON.stringify(given)}`,
      edited(`${at}.initContainers`, given),
      [differs("nobody can say which containers its pod has")],
    ]),
    [
      "no container",
      edited(`${at}.containers`, []),
      [differs("nobody can say which containers its pod has")],
    ],
    [
      "containers that nobody knows",
      edited(`${at}.containers`, unknownText),
      [differs("nobody can say which containers its pod has")],
    ],
    [
      "a pod that is made for something else",
      edited("spec.template.metadata.annotations", { "clawforce.io/made": "other" }),
      [differs(`its pod is made for "other", but it says "${"b".repeat(12)}"`)],
    ],
    [
      "a pod that does not say what it is made for",
      edited("spec.template.metadata.annotations", undefined),
      [differs(`its pod is made for "", but it says "${"b".repeat(12)}"`)],
    ],
  ])("has what its workload says it has: not %s", (_, stack, messages) => {
    expect(refused(canaryBeforeFleet, stack)).toEqual(messages);
  });

  const notStarted = (what: string) =>
    `[snapshot-before-change] canary start: ${what}. Why: the provider changes it at no replicas, and whatever changes there stays down until it is started. Write: one command canary that runs operations/make.ts after the set, and no --target that leaves it out.`;
  const otherStart = (path: string) =>
    `[snapshot-before-change] canary ${path}: it is not operations/make.ts, run by node and by nothing else. Why: nobody knows what another program does or leaves out. Write: create operations/make.ts, update operations/keep-result.ts, interpreter ["node"], no delete, no dir and no variables but CLAWFORCE_….`;

  test.each<[string, StackResource[], string[]]>([
    [
      "left out",
      changed(updated, start("canary"), (each) => ({ ...each, props: {} })),
      [notStarted("its start is left out of this update")],
    ],
    [
      "not run",
      edited("stdout", "{}", start("canary")),
      [notStarted("its set changes, and its start does not run")],
    ],
    [
      "before the change",
      changed(updated, start("canary"), (each) => ({ ...each, dependsOn: [] })),
      [notStarted("its start does not come after the change of its set")],
    ],
    ["another program", edited("create", "operations/serve.ts", start("canary")), [otherStart("create")]],
    [
      "by another interpreter",
      edited("interpreter", ["sh", "-c"], start("canary")),
      [otherStart("interpreter")],
    ],
    [
      "kept as it was",
      options({ ignoreChanges: ["*"] }, start("canary")),
      [
        "[snapshot-before-change] canary ignoreChanges: changes of * are ignored. Why: it would not run, or not for what was reviewed. Write: no ignoreChanges.",
      ],
    ],
    ["fine", updated, []],
  ])("is started by its own program after its change: one whose start is %s", (_, stack, messages) => {
    const lines = refused(snapshotBeforeChange, stack).filter((line) =>
      /start|canary (create|interpreter|ignoreChanges):/.test(line),
    );
    expect(lines).toEqual(messages);
  });

  test("has to have a start, and is one set and no container", () => {
    const missing = (path: string) =>
      `canary ${path}: the fact is missing or of another shape. Why: what rests on it can't be judged. Write: the components of this fleet as they are, with facts that are known at preview.`;
    const noStart = fleetOfSets({ workloads: [canary] })
      .filter(({ type, name }) => !(type === commandType && name === "canary"))
      .map((each) => ({
        ...each,
        dependsOn: (each.dependsOn ?? []).filter((id) => id !== start("canary")),
        takes: {},
      }));
    expect(refusals(noStart)[0]).toContain(missing("start"));
    const twice = [
      ...updated,
      {
        ...{
          type: "docker:index/container:Container",
          name: "canary",
          parent: "canary clawforce:fleet:Workload",
        },
        props: { name: "canary", image: b },
      },
    ];
    expect(refusals(twice).join("\n")).toContain(missing("container"));
  });

  test("is made anew where its image or the hash of its pod is another one, or its start runs while nothing serves", () => {
    const barrier = "it does not come after second-preparation";
    const loose = (stack: StackResource[]) =>
      changed(stack, set("canary"), (each) => ({
        ...each,
        dependsOn: [`canary-preparation ${commandType}`],
      }));
    const judged = (stack: StackResource[]) => refused(snapshotBeforeChange, loose(stack)).join("\n");
    expect(judged(resting)).not.toContain(barrier);
    // A start that only takes note of another input shows no result either.
    expect(judged(edited("stdout", unknownText, start("canary"), resting))).not.toContain(barrier);
    const down = fleetOfSets({ workloads: [{ ...canary, image: a, judged: { container: "" } }, second] });
    expect(judged(down)).not.toContain(barrier);
    expect(judged(edited("stdout", unknownText, start("canary"), down))).toContain(barrier);
    const other = edited(
      "spec.template.metadata.annotations",
      { "clawforce.io/made": "x" },
      set("canary"),
      resting,
    );
    expect(judged(other)).toContain(barrier);
    expect(judged(edited("stdout", "{}", start("canary")))).toContain(barrier);
    // Left out by `--target`: it keeps its own image, hash and result.
    const left = edited(
      "stdout",
      "{}",
      start("canary"),
      changed(updated, set("canary"), (each) =>
        changedSet(changedSet(each, `${at}.containers[0].image`, a), "spec.template.metadata.annotations", {
          "clawforce.io/made": "a".repeat(12),
        }),
      ),
    );
    expect(judged(left)).not.toContain(barrier);
    expect(refused(canaryBeforeFleet, left)).toEqual([]);
  });
});
