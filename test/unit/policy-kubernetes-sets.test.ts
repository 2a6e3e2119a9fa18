import { describe, expect, test } from "vitest";
import { canaryBeforeFleet } from "../../policies/canary-before-fleet.ts";
import { drainBudget } from "../../policies/drain-budget.ts";
import { commandType } from "../../policies/fleet-facts.ts";
import { singleWriter } from "../../policies/single-writer.ts";
import { snapshotBeforeChange } from "../../policies/snapshot-before-change.ts";
import { stateProtected } from "../../policies/state-protected.ts";
import { unknownText } from "../policy/props.ts";
import {
  a,
  asDeployments,
  at,
  b,
  canary,
  deploymentOf,
  edited,
  fleetOfSets,
  options,
  refusals,
  refused,
  resting,
  set,
  updated,
} from "../policy/set-stack.ts";
import type { StackResource } from "../policy/stack.ts";

describe("a workload on Kubernetes", () => {
  const inside =
    "Why: the new pod would start inside of the provider's own step, before its state is set back and before its gate. Write: replicas: 0";
  const without = (...ignoreChanges: string[]) => options({ ignoreChanges });

  test.each<[string, StackResource[], string[]]>([
    ["0 and ignored", updated, []],
    ["1 and ignored", edited("spec.replicas", 1), []],
    ["not said and ignored", edited("spec.replicas", undefined), []],
    ["ignored in brackets", without('spec["replicas"]'), []],
    [
      "0 and not ignored",
      without(),
      [
        'spec.replicas: is 0, and is not under ignoreChanges. Why: each change of the set would stop its pod, without a drain and a snapshot. Write: ignoreChanges: ["spec.replicas"].',
      ],
    ],
    [
      "1 and not ignored",
      edited("spec.replicas", 1, set("canary"), without()),
      [
        `spec.replicas: is 1, and is not under ignoreChanges. ${inside}, and ignoreChanges: ["spec.replicas"].`,
      ],
    ],
    [
      "not said and not ignored",
      edited("spec.replicas", undefined, set("canary"), without("metadata.labels")),
      [
        `spec.replicas: is 1 by default, and is not under ignoreChanges. ${inside}, and ignoreChanges: ["spec.replicas"].`,
      ],
    ],
    [
      "beside what is ignored",
      without("spec.replica"),
      [
        'spec.replicas: is 0, and is not under ignoreChanges. Why: each change of the set would stop its pod, without a drain and a snapshot. Write: ignoreChanges: ["spec.replicas"].',
      ],
    ],
    [
      "2",
      edited("spec.replicas", 2),
      [
        `spec.replicas: 2 run at once, and they write claim "default/canary-state". Why: no lock stops two gateways on one state, and they corrupt it. Write: replicas: 1, or a state of its own for each (volumeClaimTemplates of a StatefulSet).`,
      ],
    ],
    [
      "not known",
      edited("spec.replicas", unknownText),
      [
        "spec.replicas: the value is not known at preview. Why: what rests on it can't be judged. Write: a literal value, not the output of another resource.",
      ],
    ],
    [
      "OnDelete",
      edited("spec.updateStrategy", { type: "OnDelete" }),
      [
        'spec.updateStrategy.type: is "OnDelete". Why: then any end of the pod starts the new version, without a hold, a snapshot or a gate. Write: no updateStrategy.',
      ],
    ],
    ["RollingUpdate", edited("spec.updateStrategy", { type: "RollingUpdate" }), []],
    [
      "held by a partition",
      edited("spec.updateStrategy", { rollingUpdate: { partition: 1 } }),
      [
        "spec.updateStrategy.rollingUpdate.partition: is 1. Why: a set at no replicas loses it, so the new version is not held back. Write: no updateStrategy.",
      ],
    ],
    [
      "not deleted first",
      options({ deleteBeforeReplace: false }),
      [
        'opts.deleteBeforeReplace: is not true, and both the old and the new one write claim "default/canary-state". Why: no lock stops two gateways on one state, and they corrupt it; no review sees what a provider does without being told. Write: deleteBeforeReplace: true in its options.',
      ],
    ],
  ])("leaves its replicas to its own steps: %s", (_, stack, messages) => {
    const own = [...new Set(refused(singleWriter, stack))].filter((line) => !/mounted under/.test(line));
    expect(own).toEqual(messages.map((each) => `[single-writer] canary ${each}`));
  });

  test("is judged as a deployment as it is as a set", () => {
    const stack = asDeployments(updated);
    expect(refusals(stack)).toEqual(refusals(updated));
    const canaryDeployment = deploymentOf("canary");
    const change = (path: string, value: unknown) => edited(path, value, canaryDeployment, stack);
    const unheld = options({ ignoreChanges: [] }, canaryDeployment, change("spec.replicas", 1));
    expect(refused(singleWriter, unheld).join("\n")).toContain(
      "spec.replicas: is 1, and is not under ignoreChanges",
    );
    for (const strategy of [undefined, { type: "RollingUpdate" }])
      expect(refused(singleWriter, change("spec.strategy", strategy)).join("\n")).toContain(
        "canary spec.strategy",
      );
    const made = `${at.replace(/spec$/, "metadata")}.annotations`;
    expect(refused(canaryBeforeFleet, change(made, { "clawforce.io/made": "another" })).join("\n")).toContain(
      'its pod is made for "another"',
    );
    const first = asDeployments(fleetOfSets({ workloads: [{ ...canary, image: a, from: "" }] }));
    expect(refused(singleWriter, edited("spec.replicas", 1, canaryDeployment, first)).join("\n")).toContain(
      "is 1, and the deployment is made in this update",
    );
  });

  test("is made at no replicas, whatever ignoreChanges keeps later", () => {
    const first = fleetOfSets({ workloads: [{ ...canary, image: a, from: "" }] });
    const one = edited("spec.replicas", 1, set("canary"), first);
    expect(refused(singleWriter, first)).toEqual([]);
    expect(refused(singleWriter, one)).toEqual([
      `[single-writer] canary spec.replicas: is 1, and the set is made in this update. ${inside}.`,
    ]);
  });

  test("shares its claim with nobody", () => {
    const shared = edited(`${at}.volumes[0].persistentVolumeClaim.claimName`, "canary-state", set("second"));
    expect(refused(singleWriter, shared)).toHaveLength(2);
    expect(refused(singleWriter, shared)[0]).toContain(
      '"canary" (container "workload") writes claim "default/canary-state", and so does "second"',
    );
    const other = edited(`${at}.volumes[0].persistentVolumeClaim.claimName`, "more-state", set("second"));
    expect(refused(singleWriter, other)).toEqual([]);
  });

  test("keeps what it mounts only while nothing is done to it", () => {
    const ignoreChanges = ["spec.replicas", `${at}.volumes`];
    expect(refused(singleWriter, options({ ignoreChanges }, set("canary"), resting))).toEqual([]);
    expect(refused(singleWriter, options({ ignoreChanges }))).toEqual([
      `[single-writer] canary ${at}.volumes: what is mounted is under ignoreChanges ("${at}.volumes"). Why: then another state may be mounted than the program says, and no review sees it. Write: ignoreChanges without this path.`,
    ]);
  });

  test.each<[unknown, string[]]>([
    [30, []],
    [60, []],
    [undefined, []],
    [
      29,
      [
        "it is 29 s, but the workload has 30 s to stop. Why: a removal without a cut-over would kill it too early. Write: terminationGracePeriodSeconds: 30.",
      ],
    ],
    [
      0,
      [
        "it is 0 s, but the workload has 30 s to stop. Why: a removal without a cut-over would kill it too early. Write: terminationGracePeriodSeconds: 30.",
      ],
    ],
    [
      unknownText,
      [
        "the value is not known at preview. Why: what rests on it can't be judged. Write: a literal value, not the output of another resource.",
      ],
    ],
    [
      "30",
      [
        "the value is missing or of another shape. Why: what rests on it can't be judged. Write: a literal value, not the output of another resource.",
      ],
    ],
  ])("has the time to stop that its workload has: %j", (grace, messages) => {
    const stack = edited(`${at}.terminationGracePeriodSeconds`, grace);
    expect(refused(drainBudget, stack)).toEqual(
      messages.map((each) => `[drain-budget] canary ${at}.terminationGracePeriodSeconds: ${each}`),
    );
  });

  const deployment = (props: object, more: Partial<StackResource> = {}): StackResource => ({
    ...{ type: "kubernetes:apps/v1:Deployment", name: "other" },
    props,
    ...more,
  });
  const pods = (labels: object, reference = "ghcr.io/acme/other:1") => ({
    metadata: { name: "other" },
    spec: { template: { metadata: { labels }, spec: { containers: [{ name: "main", image: reference }] } } },
  });

  test.each<[string, StackResource, string | undefined]>([
    ["another name, image and labels", deployment(pods({})), undefined],
    [
      "its name",
      deployment({ ...pods({}), metadata: { name: "canary" } }),
      'metadata.name: it has the name of the workload "canary"',
    ],
    [
      "its name in a patch",
      deployment({ metadata: { name: "canary" }, spec: {} }, { type: "kubernetes:apps/v1:StatefulSetPatch" }),
      'metadata.name: it has the name of the workload "canary"',
    ],
    [
      "its label on the pods",
      deployment(pods({ "clawforce.io/workload": "canary" })),
      'labels: it has the label "clawforce.io/workload" and is no workload',
    ],
    [
      "its image",
      deployment(pods({}, b)),
      `${at}.containers[0].image: it runs an image of "ghcr.io/acme/openclaw" and is no workload`,
    ],
    [
      "a place in its component",
      deployment(pods({}, b), { parent: "canary clawforce:fleet:Workload" }),
      `${at}.containers[0].image: it runs an image of "ghcr.io/acme/openclaw" and is no workload`,
    ],
    [
      "its program",
      { type: commandType, name: "other", props: { create: "operations/make.ts" } },
      "create: it starts a workload and belongs to no workload",
    ],
  ])("is passed for by nothing else: what has %s", (_, other, what) => {
    expect(refused(canaryBeforeFleet, [...updated, other])).toEqual(
      what === undefined
        ? []
        : [
            `[canary-before-fleet] other ${what}. Why: no canary, no snapshot and no gate stands before its change. Write: an instance of a group of the fleet instead.`,
          ],
    );
  });

  const command = (create: string): StackResource => ({
    type: commandType,
    name: "other",
    props: { create },
  });
  test.each<[string, string | undefined]>([
    ["kubectl get statefulset canary", undefined],
    ["kubectl delete statefulset canary", 'it is told by "kubectl delete"'],
    ["kubectl scale statefulset/canary --replicas 1", "kubectl scale"],
    ["kubectl delete pvc canary-state", "kubectl delete"],
    ["kubectl delete deployment web", undefined],
  ])("is changed by no command: %s", (create, says) => {
    const messages = refused(snapshotBeforeChange, [...updated, command(create)]);
    expect(messages.length).toBe(says === undefined ? 0 : 1);
    if (says !== undefined)
      expect(messages[0]).toMatch(
        /^\[snapshot-before-change\] other create: "kubectl (delete|scale)" is told of /,
      );
  });

  const ingress = { type: "clawforce:fleet:Ingress", name: "ingress", parent: "fleet clawforce:fleet:Fleet" };
  const folder = "/home/kamal-proxy/.config/kamal-proxy";
  const proxy = (claimName = "clawforce-ingress-state", mountPath = folder): StackResource =>
    deployment(
      {
        metadata: { name: "clawforce-ingress" },
        spec: {
          strategy: { type: "Recreate" },
          template: {
            spec: {
              terminationGracePeriodSeconds: 15,
              containers: [
                {
                  name: "ingress",
                  image: "ghcr.io/acme/proxy:1",
                  volumeMounts: [{ name: "state", mountPath }],
                },
              ],
              volumes: [{ name: "state", persistentVolumeClaim: { claimName } }],
            },
          },
        },
      },
      { name: "ingress", parent: "ingress clawforce:fleet:Ingress", opts: { deleteBeforeReplace: true } },
    );
  const proxyClaim: StackResource = {
    ...{ type: "kubernetes:core/v1:PersistentVolumeClaim", name: "ingress-state" },
    ...{
      parent: "ingress clawforce:fleet:Ingress",
      props: { metadata: { name: "clawforce-ingress-state" } },
    },
  };

  test("may keep what its proxy is told, in a claim of the proxy's own", () => {
    const withProxy = (...more: StackResource[]) => [...updated, ingress, proxyClaim, ...more];
    expect(refusals(withProxy(proxy())).filter((line) => !/previous/.test(line))).toEqual([]);
    expect(refused(snapshotBeforeChange, withProxy(proxy("other-state")))).toHaveLength(1);
    expect(refused(snapshotBeforeChange, withProxy(proxy(undefined, "/data")))).toHaveLength(1);
    // Nothing else of its component has the proxy's leave to stop at once.
    expect(refused(drainBudget, withProxy(proxy()))).toEqual([]);
    expect(refused(drainBudget, withProxy({ ...proxy(), name: "ingress-log" }))).toEqual([
      expect.stringContaining("ingress-log spec.template.spec.terminationGracePeriodSeconds: it keeps state"),
    ]);
    const outside = deployment(proxy().props ?? {}, {
      name: "stranger",
      opts: { deleteBeforeReplace: true },
    });
    expect(refused(stateProtected, withProxy(outside))).toEqual([
      '[state-protected] ingress-state opts.protect: is not true, and this is a claim that "stranger" mounts, which is not its ingress. Why: one change or destroy deletes its state. Write: protect: true in its options.',
    ]);
    const { parent: _, ...alone } = proxyClaim;
    expect(refused(stateProtected, [...updated, alone])).toHaveLength(1);
  });
});
