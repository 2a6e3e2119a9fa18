import { describe, expect, test } from "vitest";
import { type Of, one, type Resource, refusalsOf, reviewed, two, workload } from "./review-fixture.ts";

const setType = "kubernetes:apps/v1:StatefulSet";
const deploymentType = "kubernetes:apps/v1:Deployment";
const hooks = { BeforeUpdate: ["replace"], BeforeDelete: ["cut-over"] };
const startHooks = { BeforeCreate: ["restore"], OnError: ["way-back"] };

type Inputs = Record<string, unknown>;

interface SetOf extends Of {
  /** What the engine does to the command that starts it; default: as often as its pod changes. */
  start?: string;
  /** More of the inputs of the set after the update. */
  labels?: object;
  made?: string;
  env?: object[];
  hooks?: object;
  startHooks?: object;
}

function setInputs(
  name: string,
  image: string,
  made: string,
  more: { labels?: object; env?: object[] } = {},
): Inputs {
  return {
    metadata: { name, labels: { "clawforce.io/workload": name, ...more.labels } },
    spec: {
      replicas: 0,
      template: {
        metadata: { annotations: { "clawforce.io/made": made } },
        spec: {
          containers: [{ name: "workload", image, env: more.env ?? [] }],
          volumes: [{ name: "state", persistentVolumeClaim: { claimName: `${name}-state` } }],
        },
      },
    },
  };
}

/** The workload of the fixture as it is on Kubernetes: a set that is changed in its place, and what starts it. */
function onKubernetes(name: string, of: SetOf = {}): Resource[] {
  const { from = one, image = from, made = image === from ? "old" : "new" } = of;
  const base = workload(name, { ...of, judged: { container: "uid/old", ...of.judged } });
  const isAnew = made !== "old" || of.env !== undefined;
  const differs = isAnew || of.labels !== undefined;
  return base.flatMap((each): Resource[] => {
    if (each.urn.includes("$docker:index/volume:Volume")) {
      const claim = { ...each.before, inputs: { metadata: { name: `${name}-state` } } };
      const urn = each.urn.replace("docker:index/volume:Volume", "kubernetes:core/v1:PersistentVolumeClaim");
      return [{ ...each, urn, before: claim, after: claim }];
    }
    if (!each.urn.includes("$docker:index/container:Container")) return [each];
    const { parent } = (each.after ?? each.before) as { parent: string };
    const state = (inputs: Inputs, own: object) => ({
      parent,
      id: `agents/${name}`,
      resourceHooks: own,
      inputs,
    });
    const command = { parent, resourceHooks: of.startHooks ?? startHooks, inputs: {} };
    const op = of.op ?? (differs ? "update" : "same");
    return [
      {
        urn: each.urn.replace("docker:index/container:Container", setType),
        op,
        before: op === "create" ? undefined : state(setInputs(name, from, "old"), hooks),
        after: op === "delete" ? undefined : state(setInputs(name, image, made, of), of.hooks ?? hooks),
      },
      {
        urn: each.urn.replace("docker:index/container:Container", "command:local:Command"),
        op: of.start ?? of.op ?? (isAnew ? "replace" : "same"),
        ...{ before: op === "create" ? undefined : command, after: op === "delete" ? undefined : command },
      },
    ];
  });
}

describe("a change of a set in its place", () => {
  const row = (of: SetOf) => reviewed(onKubernetes("canary", of)).rows[0];

  test("is told as the update of its workload: from, to, whose turn it is, and the snapshot before", () => {
    const review = reviewed(onKubernetes("canary", { image: two }));
    expect(review.refusals).toEqual([]);
    expect(review.others).toEqual([]);
    expect(review.rows).toEqual([
      {
        ...{ workload: "canary", track: "runtime" },
        ...{ from: "agent:1.0.0@111111111111", to: "agent:2.0.0@222222222222" },
        ...{ operation: "update, as canary", pauses: "itself, 1m 30s at most: requests wait at the ingress" },
        state: "stays, after a cold snapshot",
      },
    ]);
    expect(reviewed(onKubernetes("second", { image: two })).rows[0]?.operation).toBe("update, in wave 1");
    const plane = onKubernetes("plane", { image: two, controlPlane: true });
    expect(reviewed(plane).rows[0]?.operation).toBe("update, by itself");
  });

  test.each<[string, SetOf, operation: string | undefined, pauses: string]>([
    ["nothing", {}, undefined, ""],
    ["a label alone", { labels: { team: "a" } }, "no restart: metadata.labels.team", "nothing"],
    [
      "its settings",
      { made: "new", env: [{ name: "A", value: "1" }], judged: { move: "change" } },
      "other settings: spec.template.spec.containers[0].env[0]",
      "itself, 1m 30s at most: requests wait at the ingress",
    ],
    [
      "a secret",
      { made: "new", judged: { move: "change" } },
      "other settings: a secret, or what it is checked by",
      "itself, 1m 30s at most: requests wait at the ingress",
    ],
    [
      "the way back",
      { image: two, judged: { move: "back" } },
      "back",
      "itself, 1m 30s at most: requests wait at the ingress",
    ],
    [
      "a pod that was not there",
      { start: "replace" },
      "started anew",
      "itself, 1m 30s at most: requests wait at the ingress",
    ],
    ["what it is told", { start: "update" }, "noted", "nothing"],
    [
      "its first start",
      { op: "create", from: one, judged: { move: "first", from: "", container: "" } },
      "first start",
      "nothing",
    ],
  ])("shows %s", (_, of, operation, pauses) => {
    expect([row(of)?.operation, row(of)?.pauses]).toEqual(
      operation === undefined ? [undefined, undefined] : [operation, pauses],
    );
  });

  test.each<[string, SetOf, string]>([
    [
      "no hook before its change",
      { image: two, hooks: { BeforeDelete: ["cut-over"] } },
      '[cut-over] canary: its set has no hook "replace" as `beforeUpdate`. Why: a change of it would stop its pod without a drain and a snapshot. Write: `hooks: { beforeUpdate: [hooks.replace] }`, as platforms/kubernetes/resources.ts has it.',
    ],
    [
      "another hook before its change",
      { hooks: { BeforeUpdate: ["cut-over"], BeforeDelete: ["cut-over"] } },
      '[cut-over] canary: its set has no hook "replace" as `beforeUpdate`. Why: a change of it would stop its pod without a drain and a snapshot. Write: `hooks: { beforeUpdate: [hooks.replace] }`, as platforms/kubernetes/resources.ts has it.',
    ],
    [
      "no hook before its removal",
      { hooks: { BeforeUpdate: ["replace"] } },
      '[cut-over] canary: its set has no hook "cut-over" before its removal. Why: the next update would remove it without a snapshot. Write: `hooks: { beforeDelete: [hooks.cutOver] }`, as components/workload.ts has it.',
    ],
    [
      "no hook before its start",
      { image: two, startHooks: { OnError: ["way-back"] } },
      '[cut-over] canary: its start has no hook "restore" as `beforeCreate`. Why: its state would not be set back before it starts. Write: `hooks: { beforeCreate: [hooks.restore] }`, as platforms/kubernetes/resources.ts has it.',
    ],
    [
      "no start after it",
      { env: [{ name: "A", value: "1" }], start: "same" },
      '[cut-over] canary: its pod would change (spec.template.spec.containers[0].env[0]), and nothing would start it: "same". Why: the provider changes it at no replicas, and there it would stay. Write: the trigger of its start, as platforms/kubernetes/resources.ts has it.',
    ],
    [
      "another image than was told",
      { image: two, judged: { image: one } },
      "[claims] canary: the policies were told that it is to run 111111111111, but it would run 222222222222. Why: the policy pack has judged another image. Write: one image, and no `ignoreChanges` on it.",
    ],
    [
      "another pod before it than was told",
      { judged: { container: "uid/other" } },
      "[claims] canary: the policies were told of the container other, but the engine's state has old. Why: the proof is of another container. Write: the state as it is first: `pulumi refresh`.",
    ],
    [
      "a move that nothing starts",
      { judged: { move: "change" } },
      '[claims] canary: the policies were told that it moves (change), but the command that starts it would not be made anew: "same". Why: it would go on running what it runs, and look updated. Write: no `--target` and no `ignoreChanges` on its image.',
    ],
  ])("is refused with %s", (_, of, refusal) => {
    expect(refusalsOf(onKubernetes("canary", of))).toEqual([refusal]);
  });

  test("is told of a deployment as of a set, and asks for the same hooks", () => {
    const asDeployment = (of: SetOf) =>
      onKubernetes("canary", of).map((each) => ({ ...each, urn: each.urn.replace(setType, deploymentType) }));
    const { rows, refusals } = reviewed(asDeployment({ image: two }));
    const ofSet = reviewed(onKubernetes("canary", { image: two }));
    expect(rows).toEqual(ofSet.rows);
    expect(refusals).toEqual(ofSet.refusals);
    const without = reviewed(asDeployment({ image: two, hooks: { BeforeDelete: ["cut-over"] } }));
    expect(without.refusals.join("\n")).toContain('its deployment has no hook "replace" as `beforeUpdate`');
  });

  test("is refused without a start of its own", () => {
    const noStart = onKubernetes("canary").filter(({ urn }) => !/Command::canary$/.test(urn));
    expect(refusalsOf(noStart)).toEqual([
      "[claims] canary: it has no command of its own name below its component. Why: the provider changes its set at no replicas, and nothing would start it. Write: what starts it below its component, as components/ has it.",
    ]);
  });

  test("counts as an update of its track where nothing starts it, too", () => {
    const plane = onKubernetes("plane", { image: two, controlPlane: true, start: "same" });
    expect(refusalsOf([...plane, ...onKubernetes("canary", { image: two })]).join("\n")).toContain(
      "[one-track] the fleet: plane and canary would get other images in one update.",
    );
  });

  test("is refused where the set goes without its hook", () => {
    const goes = onKubernetes("canary", { op: "delete" }).map((each) =>
      each.urn.includes(setType) ? { ...each, before: { ...each.before, resourceHooks: {} } } : each,
    );
    expect(refusalsOf(goes).join("\n")).toContain(
      '[cut-over] canary: the StatefulSet would be deleted without the hook "cut-over".',
    );
  });
});

describe("what belongs to a workload on Kubernetes", () => {
  const canary = onKubernetes("canary");
  const { urn: component } = canary[0] as Resource;
  const beside = (type: string, op: string, before: object, after: object): Resource => ({
    urn: `${component.replace("::canary", `$${type}::canary`)}`,
    op,
    ...(op !== "create" && { before: { parent: component, inputs: before } }),
    after: { parent: component, protect: true, retainOnDelete: true, inputs: after },
  });
  const secretType = "kubernetes:core/v1:Secret";
  const claimType = "kubernetes:core/v1:PersistentVolumeClaim";

  test.each<[string, Resource, string]>([
    [
      "a secret whose values change",
      beside(secretType, "update", { stringData: "[secret]" }, { stringData: "[secret]" }),
      "update: values that are not shown (canary reads them when it starts next)",
    ],
    [
      "a secret that is new",
      beside(secretType, "create", {}, { stringData: "[secret]" }),
      "create (of canary)",
    ],
    [
      "a claim that grows",
      beside(claimType, "update", { spec: { storage: 1 } }, { spec: { storage: 2 } }),
      "update: spec.storage (of canary)",
    ],
    [
      "a claim that is new",
      beside(claimType, "create", {}, { metadata: { name: "more" } }),
      "create (of canary)",
    ],
  ])("is told by what it is and whose: %s", (_, resource, operation) => {
    const { others, refusals } = reviewed([...canary, resource]);
    expect(others.map((each) => each.operation)).toEqual([operation]);
    expect(refusals).toEqual([]);
  });

  test("names secrets, which is no secret in plain", () => {
    const env = [{ name: "GATEWAY_TOKEN", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }];
    expect(refusalsOf(onKubernetes("canary", { env, start: "replace" }))).toEqual([]);
    const plain = [{ name: "GATEWAY_TOKEN", value: "hunter2" }];
    expect(refusalsOf(onKubernetes("canary", { env: plain, start: "replace" })).join("\n")).toMatch(
      /^\[secret-marked\] canary: /,
    );
  });

  test("is a claim that must not be lost", () => {
    const lost = onKubernetes("canary").map((each) =>
      each.urn.includes(claimType) ? { ...each, after: { ...each.after, retainOnDelete: false } } : each,
    );
    expect(refusalsOf(lost)).toEqual([
      "[state-kept] canary-state: it loses `retainOnDelete`. Why: the next change could replace or delete it, with all that is in it. Write: the option as it was.",
    ]);
  });
});
