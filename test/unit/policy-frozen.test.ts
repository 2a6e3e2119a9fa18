import { describe, expect, test } from "vitest";
import { imagePlacesOf } from "../../policies/image-places.ts";
import { noMutableImage } from "../../policies/image-rules.ts";
import names from "../policy/data/frozen-names.json" with { type: "json" };
import { placesOf } from "../policy/image-places.ts";
import { judged } from "../policy/judged.ts";
import { unknownCheckingProxy, unknownText } from "../policy/props.ts";
import { claim, container, data, deletedFirst, deployment, said, service } from "../policy/writers.ts";

const custom = "kubernetes:example.org/v1:Agent";
const release = "kubernetes:helm.sh/v3:Release";
const configMap = "kubernetes:core/v1:ConfigMap";
const pinned = `ghcr.io/acme/agent:1.2.3@sha256:${"a".repeat(64)}`;

/** Where images are said to be frozen, by what the program ignores. */
function frozen(type: string, props: object, ...ignored: string[]): string[] {
  return placesOf(type, props, ignored).flatMap((place) => (place.kind === "frozen" ? [place.path] : []));
}

describe("an image that ignoreChanges keeps as it was", () => {
  const spec = {
    replicas: 2,
    template: {
      spec: {
        containers: [
          { name: "main", image: pinned },
          { name: "side", image: pinned },
        ],
      },
    },
    agent: { repository: "ghcr.io/acme/agent", tag: "1.2.3", pullPolicy: "Always" },
  };
  const values = {
    agent: { image: { repository: "ghcr.io/acme/agent", tag: "1.2.3", pullPolicy: "Always" } },
  };
  const first = "spec.template.spec.containers[0].image";

  test.each<[type: string, props: object, ignored: string, at: string[]]>([
    [custom, { spec }, "spec", ["spec.agent"]],
    [custom, { spec }, '["spec"]', ["spec.agent"]],
    [custom, { spec }, "*", ["spec.agent"]],
    [custom, { spec }, "spec.template", [first]],
    [custom, { spec }, "spec.template.spec.containers", [first]],
    [custom, { spec }, "spec.template.spec.containers[1]", [first]],
    [custom, { spec }, "spec.template.spec.containers[*].image", [first]],
    [custom, { spec }, 'spec["template"].spec["containers"][1]["image"]', [first]],
    [custom, { spec }, "spec.*.spec.containers", [first]],
    [custom, { spec }, "spec.agent", ["spec.agent"]],
    [custom, { spec }, "spec.agent.tag", ["spec.agent"]],
    [custom, { spec }, "spec.agent.pullPolicy", []],
    [custom, { spec }, "spec.replicas", []],
    [custom, { spec }, "spec.template.metadata", []],
    [custom, { spec }, "metadata", []],
    [custom, { spec }, "metadata.annotations", []],
    [custom, { spec }, "status", []],
    // What the program does not show can still stand in what it keeps.
    [custom, {}, "spec.sidecarImage", ["spec.sidecarImage"]],
    [custom, {}, "spec.images", ["spec.images"]],
    [custom, {}, "spec.replicas", []],
    [release, { values }, "values", ["values.agent.image"]],
    [release, { values }, "values.agent", ["values.agent.image"]],
    [release, { values }, "values.agent.image.tag", ["values.agent.image"]],
    [release, { values }, "values.agent.image.pullPolicy", []],
    [release, { values }, "values.replicas", []],
    [release, { values: {} }, "values", ["values"]],
    [release, {}, "*", ["chart"]],
    [release, { values }, "version", ["version"]],
    [release, { values }, "chart", ["chart"]],
    [release, { values }, "checksum", []],
    [release, { values }, "timeout", []],
    [configMap, { data: { agent_image: pinned, note: "x" } }, "data", ["data.agent_image"]],
    [configMap, { data: { agent_image: pinned, note: "x" } }, "data.note", []],
    [
      configMap,
      { data: { "job.yaml": `spec: {image: "${pinned}"}` } },
      'data["job.yaml"]',
      ["data.job.yaml.spec.image"],
    ],
    [
      configMap,
      { data: { "job.yaml": `a: b\n---\nimage: ${pinned}` } },
      'data["job.yaml"]',
      ["data.job.yaml document 2.image"],
    ],
    [configMap, { data: { ".env": `AGENT_IMAGE=${pinned}` } }, 'data[".env"]', ["data..env line 1"]],
    [configMap, { data: { note: "x" } }, "data", []],
    [
      "docker:index/container:Container",
      { image: pinned, envs: [`AGENT_IMAGE=${pinned}`] },
      "envs",
      ["envs[0]"],
    ],
    ["docker:index/container:Container", { image: pinned, envs: ["A=1"] }, "envs", []],
    ["docker:index/container:Container", { image: pinned }, "*", ["image"]],
    ["kubernetes:apps/v1:Deployment", {}, "spec", ["spec.template.spec.containers[].image"]],
    ["kubernetes:apps/v1:Deployment", {}, "spec.replicas", []],
    [
      "command:local:Command",
      { environment: { AGENT_IMAGE: pinned } },
      "environment",
      ["environment.AGENT_IMAGE"],
    ],
    ["command:local:Command", { create: "true" }, "*", []],
  ])("%s %j under %s", (type, props, ignored, at) => {
    expect(frozen(type, props, ignored)).toEqual(at);
  });

  test.each<[type: string, ignored: string, at: string[]]>([
    [custom, "spec", ["spec"]],
    [custom, "*", ["*"]],
    [custom, "data", ["data"]],
    [custom, "spec.template.spec.containers", ["spec.template.spec.containers"]],
    [custom, "spec.initContainers", ["spec.initContainers"]],
    [custom, "spec.podTemplate", ["spec.podTemplate"]],
    [custom, "spec.sidecars", ["spec.sidecars"]],
    [custom, "spec.podTemplate.metadata", []],
    [custom, "spec.replicas", []],
    [custom, "metadata", []],
    [custom, "status", []],
    ["kubernetes:monitoring.coreos.com/v1:Prometheus", "spec", ["spec"]],
    ["kubernetes:example.gateway.networking.k8s.io/v1:Any", "spec", ["spec"]],
    ["kubernetes:gateway.networking.k8s.io/v1:HTTPRoute", "spec", []],
    ["kubernetes:cert-manager.io/v1:Certificate", "spec", []],
    ["kubernetes:external-secrets.io/v1beta1:ExternalSecret", "spec", []],
    ["kubernetes:snapshot.storage.k8s.io/v1:VolumeSnapshot", "spec", []],
    ["kubernetes:core/v1:Service", "spec", []],
    ["kubernetes:core/v1:PersistentVolumeClaim", "spec", []],
    ["kubernetes:networking.k8s.io/v1:Ingress", "spec", []],
    ["kubernetes:flowcontrol.apiserver.k8s.io/v1:FlowSchema", "spec", []],
  ])("can stand in a resource that shows none: %s under %s", (type, ignored, at) => {
    expect(frozen(type, { spec: { replicas: 1 } }, ignored)).toEqual(at);
  });

  test.each([
    "acme.cert-manager.io",
    "bitnami.com",
    "cert-manager.io",
    "cilium.io",
    "crd.projectcalico.org",
    "external-secrets.io",
    "gateway.networking.k8s.io",
    "groupsnapshot.storage.k8s.io",
    "policy.networking.k8s.io",
    "projectcalico.org",
    "security.istio.io",
    "snapshot.storage.k8s.io",
    "traefik.io",
  ])("stands in no kind of %s, and may in one of a group that is called alike", (group) => {
    expect(frozen(`kubernetes:${group}/v1:Any`, {}, "spec")).toEqual([]);
    expect(frozen(`kubernetes:x${group}/v1:Any`, {}, "spec")).toEqual(["spec"]);
    expect(frozen(`kubernetes:${group}/v1:Any`, { spec: { image: pinned } }, "spec")).toEqual(["spec.image"]);
  });

  test("is refused where the program shows none, with what to ignore instead", () => {
    const resource = { type: custom, props: { spec: { replicas: 1 } } };
    expect(judged(noMutableImage, { ...resource, ignoreChanges: ["spec"] })).toEqual([
      {
        message:
          '[no-mutable-image] web spec: all of it is under ignoreChanges ("spec"), and an image can stand in what is kept. Why: then something else runs than the program says, and no review sees it. Write: ignoreChanges with the one field that something else sets, such as `spec.replicas`.',
      },
    ]);
    expect(judged(noMutableImage, { ...resource, ignoreChanges: ["spec.replicas"] })).toEqual([]);
  });

  test("is refused, with what is ignored", () => {
    const resource = { type: custom, props: { spec: { image: pinned } } };
    expect(judged(noMutableImage, { ...resource, ignoreChanges: ["spec"] })).toEqual([
      {
        message:
          '[no-mutable-image] web spec.image: the image is under ignoreChanges ("spec"). Why: then something else runs than the program says, and no review sees it. Write: ignoreChanges without this path.',
      },
    ]);
    expect(judged(noMutableImage, { ...resource, ignoreChanges: ["spec.replicas"] })).toEqual([]);
  });

  test("is none of the settings that a workload keeps while nothing is done to it, and its own image is", () => {
    const type = "docker:index/container:Container";
    const of = (parent: string, ...ignoreChanges: string[]) =>
      imagePlacesOf({
        ...{
          type,
          ignoreChanges,
          urn: `urn:pulumi:prod::clawforce::pulumi:pulumi:Stack$${parent}$${type}::web`,
        },
        props: unknownCheckingProxy({ image: pinned, envs: [`AGENT_IMAGE=${pinned}`] }),
      }).filter(({ kind }) => kind === "frozen");
    expect(of("clawforce:fleet:Workload", "envs")).toEqual([]);
    expect(of("clawforce:fleet:Workload", "image")).toHaveLength(1);
    expect(of("clawforce:fleet:Workload", "*")).toHaveLength(1);
    expect(of("acme:fleet:Workload", "envs")).toHaveLength(1);
    expect(of("clawforce:fleet:Workload$acme:a:B", "envs")).toHaveLength(1);
  });
});

describe("a mount that ignoreChanges keeps as it was", () => {
  const refused = (name: string, path: string, ignored: string) =>
    `[single-writer] ${name} ${path}: what is mounted is under ignoreChanges ("${ignored}"). Why: then another state may be mounted than the program says, and no review sees it. Write: ignoreChanges without this path.`;
  const ignoring = (...ignoreChanges: string[]) => ({ ...deletedFirst, ignoreChanges });

  test.each<[ignored: string, at: string | undefined]>([
    ["volumes", "volumes[0]"],
    ["volumes[0].hostPath", "volumes[0]"],
    ["volumes[*]", "volumes[0]"],
    ["*", "volumes[0]"],
    ["mounts", "mounts"],
    ["mounts[0].source", "mounts"],
    ["labels", undefined],
    ["volumesFrom", undefined],
  ])("is refused in a container: %s", (ignored, at) => {
    const one = container("one", { volumes: [{ volumeName: "data" }] }, ignoring(ignored));
    expect(said([one])).toEqual(at === undefined ? [] : [refused("one", at, ignored)]);
  });

  test("is told by its kind, which the configuration can let be", () => {
    const one = container("one", { volumes: [{ volumeName: "data" }] }, ignoring("volumes"));
    const claims = { type: "kubernetes:core/v1:PersistentVolumeClaim", name: "two", opts: ignoring("spec") };
    const levels = { frozen: "disabled" };
    expect(said([one, claims])).toHaveLength(2);
    expect(said([one, claims], { levels })).toEqual([]);
  });

  test("is refused where the program shows none, by the names of its places alone", () => {
    const bare = (ignored: string) => said([container("one", { image: "x" }, ignoring(ignored))]);
    expect(bare("volumes")).toEqual([refused("one", "volumes", "volumes")]);
    expect(bare("*")).toEqual([]);
    const task = { ...service("one", {}, []), opts: ignoring("taskSpec.containerSpec.mounts[0]") };
    expect(said([task])).toEqual([
      refused("one", "taskSpec.containerSpec.mounts", "taskSpec.containerSpec.mounts[0]"),
    ]);
  });

  test("is refused in a service, in pods, in custom resources and in a chart's values", () => {
    const task = "taskSpec.containerSpec.mounts";
    for (const ignored of ["taskSpec", "taskSpec.containerSpec", task, `${task}[0].source`]) {
      const one = { ...service("one", {}, [data]), opts: ignoring(ignored) };
      expect(said([one])).toEqual([refused("one", `${task}[0]`, ignored)]);
    }
    const inPod = "spec.template.spec";
    const mount = `${inPod}.containers[0].volumeMounts[0]`;
    for (const [ignored, at] of [
      ["spec", mount],
      [inPod, mount],
      [`${inPod}.volumes`, `${inPod}.volumes`],
      [`${inPod}.volumes[0].persistentVolumeClaim`, `${inPod}.volumes`],
    ] as const)
      expect(said([{ ...deployment("one"), opts: ignoring(ignored) }])).toEqual([
        refused("one", at, ignored),
      ]);
    for (const ignored of ["spec.replicas", `${inPod}.containers[0].resources`, "metadata"])
      expect(said([{ ...deployment("one"), opts: ignoring(ignored) }])).toEqual([]);
    const agent = { type: custom, name: "one", props: { spec: { store: claim } } };
    const named = "spec.store.persistentVolumeClaim.claimName";
    for (const ignored of ["spec", "spec.store", named])
      expect(said([{ ...agent, opts: ignoring(ignored) }])).toEqual([refused("one", named, ignored)]);
    expect(said([{ ...agent, opts: ignoring("spec.replicas") }])).toEqual([]);
    const chart = { type: release, name: "one", props: { values: { store: { existingClaim: "c" } } } };
    expect(said([{ ...chart, opts: ignoring("values") }])).toEqual([
      refused("one", "values.store.existingClaim", "values"),
    ]);
  });

  test("is what a workload keeps while nothing is done to it, and not one that is made anew", () => {
    const stack = { type: "pulumi:pulumi:Stack", name: "prod" };
    const component = { type: "clawforce:fleet:Workload", name: "one", parent: "prod pulumi:pulumi:Stack" };
    const of = (type: string, id: unknown, ...ignored: string[]) =>
      said([
        stack,
        { ...component, type },
        {
          ...container("one", { volumes: [{ volumeName: "data" }], id }, ignoring(...ignored)),
          parent: `one ${type}`,
        },
      ]);
    expect(of(component.type, "1a2b", "volumes", "mounts")).toEqual([]);
    expect(of(component.type, unknownText, "labels", "envs")).toEqual([]);
    expect(of(component.type, unknownText, "volumes", "mounts")).toEqual([
      refused("one", "mounts", "mounts"),
      refused("one", "volumes[0]", "volumes"),
    ]);
    expect(of("acme:fleet:Workload", "1a2b", "volumes")).toEqual([refused("one", "volumes[0]", "volumes")]);
  });
});

describe("a name of a state that ignoreChanges keeps as it was", () => {
  test.each(names)("$case", ({ type, ignored, at }) => {
    const opts = { ...deletedFirst, protect: true, ignoreChanges: [ignored] };
    expect(said([{ type, name: "one", props: {}, opts }])).toEqual(
      at === null
        ? []
        : [
            `[single-writer] one ${at}: what says which storage it is is under ignoreChanges ("${ignored}"). Why: then another state may be behind this name than the program says, and no review sees it. Write: ignoreChanges without this path.`,
          ],
    );
  });
});
