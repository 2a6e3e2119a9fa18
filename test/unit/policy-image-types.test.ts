import { describe, expect, test } from "vitest";
import { knownTypes } from "../../policies/image-paths.ts";
import { placesOf } from "../policy/image-places.ts";

describe("what has another shape than its place asks for", () => {
  const container = "docker:index/container:Container";
  const pod = (env: unknown) => ({ spec: { containers: [{ image: "a:1", env }] } });
  const others = (type: string, props: object) =>
    placesOf(type, props).filter((place) => place.kind !== "text" || place.use !== "run");

  test("is malformed as a whole, and let be as one entry that can name no image", () => {
    expect(others(container, { image: "a:1", envs: 5 })).toEqual([{ kind: "malformed", path: "envs" }]);
    expect(others(container, { image: "a:1", envs: { AGENT_IMAGE: "a:1" } })).toEqual([
      { kind: "malformed", path: "envs" },
    ]);
    expect(others(container, { image: "a:1", envs: [5, "AGENT_IMAGE", "=a:1", "X=IMAGE=a:1"] })).toEqual([]);
    const env = "spec.containers[0].env";
    expect(others("kubernetes:core/v1:Pod", pod({ a: 1 }))).toEqual([{ kind: "malformed", path: env }]);
    expect(
      others("kubernetes:core/v1:Pod", pod(["AGENT_IMAGE", { value: "a:1" }, { name: 5, value: "a:1" }])),
    ).toEqual([]);
    expect(others("kubernetes:core/v1:Pod", pod([{ name: "AGENT_IMAGE", value: 5 }]))).toEqual([]);
    expect(others("kubernetes:core/v1:Pod", pod([{ name: "AGENT_IMAGE", value: "/x" }]))).toEqual([]);
    for (const field of ["data", "binaryData", "stringData"]) {
      expect(placesOf("kubernetes:core/v1:ConfigMap", { [field]: 5 })).toEqual([
        { kind: "malformed", path: field },
      ]);
    }
    expect(
      placesOf("kubernetes:core/v1:ConfigMap", { data: { image: 5, list: ["a:1"], other_image: "" } }),
    ).toEqual([]);
  });
});

describe("what a resource is known for", () => {
  test("is read as its type has it: encoded in the data of a Secret and in binary data, plain elsewhere", () => {
    const encoded = Buffer.from("a:1").toString("base64");
    const shown = (type: string, field: string) =>
      placesOf(`kubernetes:core/v1:${type}`, { [field]: { image: encoded } }).map((place) =>
        place.kind === "text" ? [place.text, place.hidden] : place,
      );
    expect(shown("ConfigMap", "data")).toEqual([[encoded, false]]);
    expect(shown("ConfigMap", "binaryData")).toEqual([["a:1", false]]);
    expect(shown("Secret", "data")).toEqual([["a:1", true]]);
    expect(shown("Secret", "stringData")).toEqual([[encoded, true]]);
  });

  test("is nothing where its children are resources of their own", () => {
    const types = [
      "helm.sh/v3:Chart",
      "helm.sh/v4:Chart",
      "kustomize/v2:Directory",
      "yaml:ConfigFile",
      "yaml:ConfigGroup",
      "yaml/v2:ConfigFile",
      "yaml/v2:ConfigGroup",
      "apiextensions.k8s.io/v1:CustomResourceDefinition",
      "apiextensions.k8s.io/v1beta1:CustomResourceDefinitionList",
    ];
    for (const type of types) {
      expect(
        placesOf(`kubernetes:${type}`, { values: { image: "a:1" }, spec: { image: "a:1" } }),
        type,
      ).toEqual([]);
    }
    expect(placesOf("kubernetes:helm.sh/v9:Chart", { values: { image: "a:1" } })).toHaveLength(1);
  });

  test("of Docker is what runs and what is made of it", () => {
    const uses = (type: string) => knownTypes.get(type)?.images.map(({ path, use }) => `${path} ${use}`);
    expect(uses("docker:index/container:Container")).toEqual(["image run"]);
    expect(uses("docker:index/service:Service")).toEqual(["taskSpec.containerSpec.image run"]);
    expect(uses("docker:index/remoteImage:RemoteImage")).toEqual(["name run"]);
    expect(uses("docker:index/image:Image")).toEqual(["imageName made"]);
    expect(uses("docker:index/tag:Tag")).toEqual(["sourceImage run", "targetImage made"]);
    expect(uses("docker:index/registryImage:RegistryImage")).toEqual(["name made"]);
    expect(uses("docker:index/plugin:Plugin")).toEqual(["name run"]);
    expect(uses("docker:index/buildxBuilder:BuildxBuilder")).toEqual([
      "dockerContainer.image run",
      "kubernetes.image run",
      "kubernetes.qemu.image run",
    ]);
    expect(uses("docker-build:index:Image")).toEqual(["tags[] made"]);
    expect(uses("docker-build:index:Index")).toEqual(["sources[] run", "tag made"]);
    expect(placesOf("docker-build:index:Image", {})).toEqual([{ kind: "built", path: "build" }]);
  });

  test("is frozen by what covers an image, however it is written, and by nothing beside it", () => {
    const deployment = "kubernetes:apps/v1:Deployment";
    const frozen = (ignored: string) => placesOf(deployment, {}, [ignored]).map(({ kind }) => kind);
    for (const ignored of [
      "*",
      "spec",
      'spec["template"]',
      "spec.template.spec.containers[12].image",
      'spec.template.spec["containers"][*]',
    ]) {
      expect(frozen(ignored), ignored).toEqual(["frozen"]);
    }
    for (const ignored of [
      "spec.replicas",
      "spec.template.metadata",
      "status",
      "spec.template.spec.containers[0].env",
    ]) {
      expect(frozen(ignored), ignored).toEqual([]);
    }
    expect(placesOf("docker:index/container:Container", {}, ["image2", "1image"])).toEqual([]);
  });
});
