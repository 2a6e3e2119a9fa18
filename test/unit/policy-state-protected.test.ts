import { describe, expect, test } from "vitest";
import { commandType, containerType, fleetTypes } from "../../policies/fleet-facts.ts";
import { stateProtected } from "../../policies/state-protected.ts";
import previews from "../policy/data/previews.json" with { type: "json" };
import { changed, fleetStack, image } from "../policy/fleet-stack.ts";
import { built, unknownText } from "../policy/props.ts";
import { idOf, judgedStack, type StackResource } from "../policy/stack.ts";

const volumeType = "docker:index/volume:Volume";
const claimType = "kubernetes:core/v1:PersistentVolumeClaim";
const storageType = "kubernetes:core/v1:PersistentVolume";
const namespaceType = "kubernetes:core/v1:Namespace";
const kept = { protect: true, ignoreChanges: ["labels", "driverOpts"] };

function said(resources: readonly StackResource[], config: object = {}): string[] {
  return judgedStack(stateProtected, resources, config).map(({ message, level }) =>
    level === undefined ? message : `${level}: ${message}`,
  );
}

/** What is said, without the reason and the remedy. */
function short(...resources: StackResource[]): string[] {
  return said(resources).map((message) =>
    message.replace("[state-protected] ", "").replace(/\. Why: .*$/s, ""),
  );
}

const fleet = fleetStack({
  workloads: [
    { name: "clawforce", image: image("c") },
    { name: "support-1", group: "support", image: image("b"), from: image("a") },
    { name: "support-2", group: "support", image: image("a") },
  ],
});
const volumeOf = (name: string) => `${name}-state ${volumeType}`;
const containerOf = (name: string) => `${name} ${containerType}`;

/** As the program makes it; its state may be lost. */
const ingress = { type: fleetTypes.ingress, name: "ingress", parent: "fleet clawforce:fleet:Fleet" };
const ingressVolume: StackResource = {
  ...{ type: volumeType, name: "ingress-state", parent: idOf(ingress) },
  props: { name: "edge-state" },
  opts: { ignoreChanges: ["labels", "driverOpts"] },
};
const ingressContainer: StackResource = {
  ...{ type: containerType, name: "ingress", parent: idOf(ingress) },
  props: { name: "edge", volumes: [{ volumeName: "edge-state" }] },
  opts: { deleteBeforeReplace: true },
};

describe("our own fleet", () => {
  test("keeps its states, in a first preview as in an update, and with an ingress", () => {
    expect(said([...fleet, ingress, ingressVolume, ingressContainer])).toEqual([]);
    for (const preview of Object.values(previews) as unknown as StackResource[][]) {
      expect(preview.some(({ type }) => type === volumeType)).toBe(true);
      expect(said(preview)).toEqual([]);
    }
  });

  test("is refused when a volume is not protected or its labels are not frozen", () => {
    const opened = (opts: NonNullable<StackResource["opts"]>) =>
      changed(fleet, volumeOf("support-2"), (each) => ({ ...each, opts }));
    const unprotected =
      "[state-protected] support-2-state opts.protect: is not true, and this is a volume. Why: one change or destroy deletes its state. Write: protect: true in its options.";
    const notFrozen = (names: string) =>
      `[state-protected] support-2-state opts.ignoreChanges: does not have ${names}. Why: another label or option replaces the volume, that is, deletes its state. Write: ignoreChanges: ["labels", "driverOpts"].`;
    expect(said(opened({}))).toEqual([notFrozen('"labels" and "driverOpts"'), unprotected]);
    expect(said(opened({ ...kept, protect: false }))).toEqual([unprotected]);
    expect(said(opened({ protect: true, ignoreChanges: ["labels"] }))).toEqual([notFrozen('"driverOpts"')]);
    expect(said(opened({ protect: true, ignoreChanges: ["driverOpts", "labels[0]", "name"] }))).toEqual([
      notFrozen('"labels"'),
    ]);
    expect(said(opened({ protect: true, ignoreChanges: ["*"] }))).toEqual([]);
  });

  test("is told once of a volume that is not protected, whoever mounts it", () => {
    const volume: StackResource = { ...ingressVolume, name: "raw" };
    delete volume.parent;
    const user = {
      type: containerType,
      name: "u",
      props: { volumes: [{ volumeName: "edge-state" }] },
      parent: idOf(ingress),
    };
    expect(short(...fleet, ingress, volume, user)).toEqual([
      "raw opts.protect: is not true, and this is a volume",
    ]);
  });

  test("is refused when the volume of an ingress has other users, or is not frozen", () => {
    const user = {
      type: containerType,
      name: "support-9",
      props: { volumes: [{ volumeName: "edge-state" }] },
    };
    expect(short(...fleet, ingress, ingressVolume, ingressContainer, user)).toEqual([
      'ingress-state opts.protect: is not true, and this is a volume that "support-9" mounts, which is not its ingress',
    ]);
    const safe = { ...ingressVolume, opts: kept };
    expect(short(...fleet, ingress, safe, ingressContainer, user)).toEqual([]);
    expect(short(...fleet, ingress, { ...ingressVolume, opts: {} })).toEqual([
      'ingress-state opts.ignoreChanges: does not have "labels" and "driverOpts"',
    ]);
  });
});

describe("a claim, its storage and its namespace", () => {
  const claim = (more: object = {}): StackResource => ({
    ...{ type: claimType, name: "data", props: { metadata: { name: "data" }, spec: {} }, opts: kept },
    ...more,
  });

  test("are protected, mounted or not, each kind by its own name", () => {
    const kinds: [type: string, what: string][] = [
      [claimType, "a claim"],
      [`${claimType}List`, "a claim"],
      [storageType, "a PersistentVolume"],
      [`${storageType}List`, "a PersistentVolume"],
    ];
    for (const [type, what] of kinds) {
      expect(short(claim({ type, opts: {} }))).toEqual([
        `data opts.protect: is not true, and this is ${what}`,
      ]);
      expect(short(claim({ type }))).toEqual([]);
    }
    for (const type of [`${claimType}Patch`, `${storageType}Patch`, "kubernetes:core/v1:ConfigMap"])
      expect(short(claim({ type, opts: {} }))).toEqual([]);
  });

  test("are not left to a cluster that deletes them by itself", () => {
    const policy = "spec.persistentVolumeReclaimPolicy";
    for (const value of ["Delete", "Recycle"]) {
      expect(said([claim({ type: storageType, props: built(policy, value) })])).toEqual([
        `[state-protected] data ${policy}: is "${value}". Why: the cluster then deletes the state with the claim that it is bound to. Write: persistentVolumeReclaimPolicy: "Retain".`,
      ]);
    }
    for (const value of ["Retain", "", null, undefined])
      expect(said([claim({ type: storageType, props: built(policy, value) })])).toEqual([]);
    expect(short(claim({ type: `${storageType}Patch`, props: built(policy, "Delete") }))).toHaveLength(1);
    expect(short(claim({ type: `${storageType}List`, props: built(`items[].${policy}`, "Delete") }))).toEqual(
      [`data items[0].${policy}: is "Delete"`],
    );
    const retention = "spec.persistentVolumeClaimRetentionPolicy";
    const whens = { whenDeleted: "with the set", whenScaled: "of a pod that is not wanted for a while" };
    for (const [when, text] of Object.entries(whens)) {
      for (const type of ["kubernetes:apps/v1:StatefulSet", "kubernetes:apps/v1:StatefulSetPatch"]) {
        expect(said([claim({ type, props: built(`${retention}.${when}`, "Delete") })])).toEqual([
          `[state-protected] data ${retention}.${when}: is "Delete". Why: the cluster then deletes the state ${text}. Write: ${when}: "Retain".`,
        ]);
        expect(said([claim({ type, props: built(`${retention}.${when}`, "Retain") })])).toEqual([]);
      }
    }
    expect(short(claim({ type: "kubernetes:apps/v1:Deployment", props: built(policy, "Delete") }))).toEqual(
      [],
    );
  });

  test("are refused where nobody can say what becomes of them", () => {
    const path = "spec.persistentVolumeReclaimPolicy";
    const storage = (value: unknown) => said([claim({ type: storageType, props: built(path, value) })]);
    const message = (what: string) =>
      `[state-protected] data ${path}: ${what}. Why: what rests on it can't be judged. Write: a literal value, not the output of another resource.`;
    expect(storage(unknownText)).toEqual([message("the value is not known at preview")]);
    expect(storage(5)).toEqual([message("the value is missing or of another shape")]);
    expect(short(claim({ type: storageType, props: { spec: unknownText } }))).toEqual([
      "data spec: the value is not known at preview",
    ]);
  });

  test("do not go with a namespace that nobody protects", () => {
    const space = (name: unknown, opts: object = {}): StackResource => ({
      ...{ type: namespaceType, name: "space", props: { metadata: { name } }, opts },
    });
    const inProd = claim({ props: { metadata: { name: "data", namespace: "prod" } } });
    const pod = { volumes: [{ name: "x", persistentVolumeClaim: { claimName: "c" } }] };
    const user = {
      type: "kubernetes:core/v1:Pod",
      name: "web",
      props: { metadata: { namespace: "prod" }, spec: pod },
    };
    expect(said([space("prod"), inProd])).toEqual([
      '[state-protected] space opts.protect: is not true, and this namespace holds claim "prod/data". Why: each claim goes with its namespace. Write: protect: true in its options.',
    ]);
    expect(short(space("prod"), user)).toEqual([
      'space opts.protect: is not true, and this namespace holds claim "prod/c"',
    ]);
    const fine: StackResource[][] = [
      [space("prod", { protect: true }), inProd, user],
      [space("other"), inProd, user],
      [space(unknownText)],
      [space("prod"), claim()],
      [{ ...space("prod"), type: `${namespaceType}Patch` }, inProd],
    ];
    for (const each of fine) expect(short(...each)).toEqual([]);
    expect(short(space(unknownText), inProd)).toEqual([
      "space metadata.name: the value is not known at preview",
    ]);
    const spec = { volumeClaimTemplates: [{ metadata: { name: "d" } }], template: { spec: {} } };
    const set = {
      type: "kubernetes:apps/v1:StatefulSet",
      name: "set",
      props: { metadata: { name: "set" }, spec },
    };
    expect(short(space("default"), set)).toEqual([
      'space opts.protect: is not true, and this namespace holds claims "default/d-set-…"',
    ]);
    const list = {
      ...space(""),
      type: `${namespaceType}List`,
      props: { items: [{ metadata: { name: "prod" } }] },
    };
    expect(short(list, inProd)).toHaveLength(1);
  });
});

test("a volume without a name is refused, in a container and in a service", () => {
  const container = { type: containerType, name: "web", props: { volumes: [{ containerPath: "/data" }] } };
  expect(said([container])).toEqual([
    '[state-protected] web volumes[0]: is a volume without a name at "/data". Why: it goes with its container, at the next replacement. Write: volumeName: <a volume that is protected>, or tmpfs for what may be lost.',
  ]);
  const mounts = [{ type: "volume", target: "/data" }];
  const service = {
    type: "docker:index/service:Service",
    name: "web",
    props: { taskSpec: { containerSpec: { mounts } } },
  };
  expect(short(service)).toEqual([
    'web taskSpec.containerSpec.mounts[0]: is a volume without a name at "/data"',
  ]);
  const named = { ...container, props: { volumes: [{ containerPath: "/data", volumeName: "elsewhere" }] } };
  expect(said([named])).toEqual([]);
});

describe("a value of another unit", () => {
  /** The same fleet where a resource takes a value of others. */
  const taking = (id: string, takes: StackResource["takes"], resources = fleet) =>
    changed(resources, id, (each) => ({ ...each, takes: { ...each.takes, ...takes } }));
  const message = (resource: string, property: string, from: string) =>
    `[state-protected] ${resource} ${property}: takes a value of ${from}. Why: when that one is made anew, the engine deletes this one first, before its snapshot. Write: the value itself, and dependsOn for the order.`;
  const command = (name: string, takes: StackResource["takes"], parent?: string): StackResource => ({
    ...{ type: commandType, name, props: {}, takes: takes ?? {} },
    ...(parent !== undefined && { parent }),
  });

  test("is refused in all that belongs to a workload, whatever it is a value of", () => {
    const [one, other] = [containerOf("support-1"), containerOf("support-2")];
    expect(said(taking(other, { envs: [one] }))).toEqual([message("support-2", "envs", '"support-1"')]);
    expect(said(taking(other, { networkMode: [one], envs: [volumeOf("support-1")] }))).toEqual([
      message("support-2", "envs", '"support-1-state"'),
      message("support-2", "networkMode", '"support-1"'),
    ]);
    const gate = `support-2-gate ${commandType}`;
    expect(said(taking(gate, { triggers: [other, `support-1-verification ${commandType}`] }))).toEqual([
      message("support-2-gate", "triggers", '"support-1-verification"'),
    ]);
    expect(said(taking(volumeOf("support-2"), { name: [one] }))).toEqual([
      message("support-2-state", "name", '"support-1"'),
    ]);
  });

  test("is let be within a workload, and of what is never deleted first", () => {
    const other = containerOf("support-2");
    const network = { type: "docker:index/network:Network", name: "net" };
    const more = [...fleet, network, command("pin", {})];
    const fine = {
      volumes: [volumeOf("support-2")],
      networksAdvanced: [idOf(network)],
      image: [`pin ${commandType}`],
    };
    expect(said(taking(other, fine, more))).toEqual([]);
    const replaced = [...fleet, { ...network, opts: { deleteBeforeReplace: true } }];
    expect(said(taking(other, { networksAdvanced: [idOf(network)] }, replaced))).toEqual([
      message("support-2", "networksAdvanced", '"net"'),
    ]);
  });

  test("is found behind commands that hand it on, the nearest first", () => {
    const [one, other] = [containerOf("support-1"), containerOf("support-2")];
    const bake = command("bake", { triggers: [one] }, "support clawforce:fleet:InstanceGroup");
    const report = command("report", { environment: [idOf(bake)] });
    // What has no state may read the whole fleet.
    expect(said([...fleet, bake, report])).toEqual([]);
    expect(said(taking(other, { envs: [idOf(bake)] }, [...fleet, bake]))).toEqual([
      message("support-2", "envs", '"support-1", through "bake"'),
    ]);
    expect(said(taking(other, { envs: [idOf(report)] }, [...fleet, bake, report]))).toEqual([
      message("support-2", "envs", '"support-1", through "report" and "bake"'),
    ]);
    const raw = { type: containerType, name: "raw" };
    for (const takes of [
      [one, idOf(raw)],
      [idOf(raw), one],
    ]) {
      expect(said(taking(other, { envs: takes }, [...fleet, raw]))).toEqual([
        message("support-2", "envs", '"raw"'),
      ]);
    }
    const both = [...fleet, bake, report, raw];
    expect(said(taking(other, { envs: [idOf(report), `raw ${containerType}`] }, both))).toEqual([
      message("support-2", "envs", '"raw"'),
    ]);
    const own = `support-2-preparation ${commandType}`;
    const through = taking(own, { stdin: [one] }, taking(other, { envs: [own] }));
    expect(said(through)).toEqual([
      message("support-2", "envs", '"support-1", through "support-2-preparation"'),
    ]);
    const circle = taking(idOf(bake), { stdin: [idOf(report)] }, [...fleet, { ...bake, takes: {} }, report]);
    expect(said(taking(other, { envs: [idOf(bake)] }, circle))).toEqual([]);
  });

  test("is refused in a program of others where it writes a state, and let be where it writes none", () => {
    const proxy = { type: containerType, name: "proxy", props: { name: "proxy" } };
    const raw = (props: object, type = containerType): StackResource => ({
      ...{ type, name: "raw", props, takes: { envs: [idOf(proxy)] } },
    });
    const writing = { volumes: [{ volumeName: "data" }] };
    expect(said([proxy, raw(writing)])).toEqual([message("raw", "envs", '"proxy"')]);
    expect(said([proxy, raw({ volumes: [{ volumeName: "data", readOnly: true }] })])).toEqual([]);
    expect(said([proxy, raw({})])).toEqual([]);
    const pod = { spec: { volumes: [{ name: "x", persistentVolumeClaim: { claimName: "c" } }] } };
    expect(short(proxy, raw(pod, "kubernetes:core/v1:Pod"))).toEqual(['raw envs: takes a value of "proxy"']);
    expect(
      said([
        { ...raw(writing), takes: {} },
        { ...proxy, takes: { envs: [idOf(raw({}))] } },
      ]),
    ).toEqual([]);
  });

  test("is refused of a managed instance too", () => {
    const managed = { type: fleetTypes.managedWorkload, name: "m" };
    const move = command("m-move", {}, idOf(managed));
    expect(said(taking(containerOf("support-2"), { envs: [idOf(move)] }, [...fleet, managed, move]))).toEqual(
      [message("support-2", "envs", '"m-move"')],
    );
    const back = [...fleet, managed, { ...move, takes: { stdin: [containerOf("support-2")] } }];
    expect(said(back)).toEqual([message("m-move", "stdin", '"support-2"')]);
  });
});

test("an exemption covers what a program chooses, never what nobody can know", () => {
  const exemptions = [{ resource: "data", reason: "may be lost", expires: "2999-12-31" }];
  const storage = (policy: unknown): StackResource => ({
    ...{ type: storageType, name: "data", props: built("spec.persistentVolumeReclaimPolicy", policy) },
  });
  expect(said([storage("Delete")])).toHaveLength(2);
  expect(said([storage("Delete")], { exemptions })).toEqual([]);
  expect(said([storage(unknownText)], { exemptions })).toHaveLength(1);
  expect(said([storage(5)], { exemptions })).toHaveLength(1);
  const volume = { type: volumeType, name: "data", props: {} };
  const user = { type: containerType, name: "data", props: { volumes: [{ containerPath: "/x" }] } };
  expect(said([volume, user])).toHaveLength(3);
  expect(said([volume, user], { exemptions })).toEqual([]);
});
